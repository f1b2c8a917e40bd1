// Which edits VS Code shows before they are made. Pure.

import type { WorkspaceEdit } from 'vscode-languageclient/node';

export type Preview = 'rewrites' | 'always' | 'never';

/** Change in place what the server has marked as needing a look: code that the model has rewritten. */
export function applyPreview(edit: WorkspaceEdit | undefined, preview: Preview): void {
  if (preview === 'rewrites') {
    return;
  }
  for (const annotation of Object.values(edit?.changeAnnotations ?? {})) {
    annotation.needsConfirmation = preview === 'always';
  }
}
