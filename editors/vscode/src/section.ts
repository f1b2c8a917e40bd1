// What of VS Code's configuration the server is sent as section `qwenLsp`. Pure.
//
// Only what the user has set goes there: the server's own defaults stay its own, and what
// `qwen-lsp.toml` of the workspace says is not overruled by a default of ours.

/** One setting as VS Code's configuration knows it. `value` is undefined where it was not set. */
export interface SetValue {
  key: string;
  value: unknown;
}

export type Section = { [key: string]: unknown };

/** In a folder that the user does not trust, nothing that it brings along is run. */
const UNTRUSTED: SetValue[] = [
  { key: 'checks.workspaceTools', value: 'off' },
  { key: 'review.runExamples', value: false },
];

export function section(settings: SetValue[], isTrusted: boolean): Section {
  const table: Section = {};
  for (const { key, value } of [...settings, ...(isTrusted ? [] : UNTRUSTED)]) {
    if (value !== undefined) {
      put(table, key.split('.'), value);
    }
  }
  return table;
}

/**
 * The value of `inlineCompletion.enabled` for the server, which knows one for all languages: on
 * where any is, because each language is looked at before the server is asked.
 */
export function enabledForServer(general: unknown, ofLanguages: unknown[]): boolean | undefined {
  if (general === true || ofLanguages.includes(true)) {
    return true;
  }
  return general === false ? false : undefined;
}

function put(table: Section, [first = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    table[first] = value;
  } else {
    table[first] ??= {};
    put(table[first] as Section, rest, value);
  }
}
