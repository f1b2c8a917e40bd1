// VS Code's configuration, as the extension and the server want it.

import * as vscode from 'vscode';
import { enabledForServer, section, type Section, type SetValue } from './section';

const SECTION = 'qwenLsp';
const ENABLED = 'inlineCompletion.enabled';

export function configuration(scope?: vscode.ConfigurationScope): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration(SECTION, scope);
}

/** Return what the server is sent: the keys of `keys` that the user has set. */
export function sectionForServer(keys: string[]): Section {
  const settings = configuration();
  const set = keys.map((key): SetValue => {
    const value = key === ENABLED ? enabledAnywhere(settings) : explicit(settings, key);
    return { key, value };
  });
  return section(set, vscode.workspace.isTrusted);
}

/** Return the keys that are the server's: the block of package.json that is printed from its code. */
export function serverKeys(extension: vscode.Extension<unknown>): string[] {
  const manifest = extension.packageJSON as { contributes: { configuration: Block[] } };
  const block = manifest.contributes.configuration.find(({ title }) => title === 'Server');
  return Object.keys(block?.properties ?? {}).map((key) => key.slice(SECTION.length + 1));
}

interface Block {
  title: string;
  properties: Record<string, unknown>;
}

export function suggestsIn(document: vscode.TextDocument): boolean {
  return configuration(document).get(ENABLED, true);
}

/** Turn suggestions on or off for one language, in the user's settings. */
export async function setSuggestsIn(languageId: string, enabled: boolean): Promise<void> {
  const settings = configuration({ languageId });
  await settings.update(ENABLED, enabled, vscode.ConfigurationTarget.Global, true);
}

function explicit(settings: vscode.WorkspaceConfiguration, key: string): unknown {
  const found = settings.inspect(key);
  const isSet = found?.workspaceValue !== undefined || found?.globalValue !== undefined;
  // `get` and not the value found: it merges the tables of both.
  return isSet ? settings.get(key) : undefined;
}

function enabledAnywhere(settings: vscode.WorkspaceConfiguration): boolean | undefined {
  const languageIds = settings.inspect(ENABLED)?.languageIds ?? [];
  const ofLanguages = languageIds.map((languageId) => configuration({ languageId }).get(ENABLED));
  return enabledForServer(explicit(settings, ENABLED), ofLanguages);
}
