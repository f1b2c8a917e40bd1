// An edit that the user looks at before it is made. Pure: LSP's words in, text out.

import type { TextEdit, WorkspaceEdit } from 'vscode-languageclient/node';

export type Preview = 'rewrites' | 'always' | 'never';

/** The one file that an edit is about. */
export interface Proposal {
  uri: string;
  edits: TextEdit[];
  /** The edit makes the file. */
  isNew: boolean;
  title: string;
}

/**
 * Return what to show before `edit` is made, undefined where it is to be made at once. Its
 * annotations are marked as looked at, so that VS Code does not show it once more: there every
 * change would have to be ticked. An edit of several files is left to VS Code's own view.
 */
export function proposalOf(edit: WorkspaceEdit, preview: Preview): Proposal | undefined {
  const annotations = Object.values(edit.changeAnnotations ?? {});
  const isMarked = annotations.some(({ needsConfirmation }) => needsConfirmation);
  const isWanted = preview === 'always' || (preview === 'rewrites' && isMarked);
  const proposal = isWanted ? onlyFile(edit, annotations[0]?.label ?? 'Edit') : undefined;
  if (proposal !== undefined || !isWanted) {
    for (const annotation of annotations) {
      annotation.needsConfirmation = false;
    }
  }
  return proposal;
}

function onlyFile(edit: WorkspaceEdit, title: string): Proposal | undefined {
  const uris = new Set<string>();
  const edits: TextEdit[] = [];
  let isNew = false;
  for (const change of edit.documentChanges ?? []) {
    if ('edits' in change) {
      uris.add(change.textDocument.uri);
      edits.push(...(change.edits as TextEdit[]));
    } else if (change.kind === 'create') {
      uris.add(change.uri);
      isNew = true;
    } else {
      return undefined;
    }
  }
  const [uri] = uris;
  return uri === undefined || uris.size > 1 ? undefined : { uri, edits, isNew, title };
}

/** Replacement of the text between two offsets, in UTF-16 units as VS Code counts. */
export interface Replacement {
  start: number;
  end: number;
  text: string;
}

/** Return `text` with the replacements, which do not overlap; their order does not matter. */
export function replaced(text: string, replacements: Replacement[]): string {
  const fromTheEnd = replacements
    .map((each, index) => ({ ...each, index }))
    .sort((one, other) => other.start - one.start || other.index - one.index);
  let result = text;
  for (const { start, end, text: between } of fromTheEnd) {
    result = result.slice(0, start) + between + result.slice(end);
  }
  return result;
}
