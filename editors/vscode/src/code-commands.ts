// Commands on the code at the cursor: review, rewrite, explain.

import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { Range } from 'vscode-languageclient/node';
import type { Documents } from './documents';
import { isRead } from './languages';
import { tell } from './messages';
import { askForInstruction } from './middleware';
import type { Server } from './server';

interface Place {
  uri: string;
  range: Range;
}

export async function reviewFunction(server: Server): Promise<void> {
  const place = placeOfCursor();
  if (place !== undefined) {
    await review(server, place);
  }
}

export async function reviewFile(server: Server): Promise<void> {
  const place = placeOfCursor();
  if (place !== undefined) {
    await review(server, { uri: place.uri });
  }
}

export async function rewriteHere(server: Server): Promise<void> {
  const place = placeOfCursor();
  if (place === undefined) {
    return;
  }
  const instruction = await askForInstruction();
  if (instruction !== undefined) {
    await server.execute('qwenLsp.rewrite', [{ ...place, instruction }]);
  }
}

/** Explain the selection or the function at the cursor, in a document that fills while it is written. */
export async function explainHere(server: Server, documents: Documents): Promise<void> {
  const place = placeOfCursor();
  if (place === undefined || !server.isThere()) {
    return;
  }
  const page = 'Explanation.md';
  const partialResultToken = randomUUID();
  await documents.showBeside(page, '*The code is being read…*\n');
  const progress = server.onProgress<{ text: string }>(partialResultToken, ({ text }) =>
    documents.put(page, text),
  );
  const argument = { ...place, partialResultToken };
  const explained = await server.execute<{ text: string }>('qwenLsp.explain', [argument]);
  progress.dispose();
  documents.put(page, explained?.text ?? '*There is no explanation.*\n');
}

async function review(server: Server, argument: { uri: string; range?: Range }): Promise<void> {
  const known = vscode.languages
    .getDiagnostics(vscode.Uri.parse(argument.uri))
    .filter(({ source }) => source !== 'qwen-lsp')
    .map(({ range, message }) => ({ range: plain(range), message }));
  const found = await server.execute<{ functions: number; findings: number }>('qwenLsp.review', [
    { ...argument, known },
  ]);
  if (found?.findings === 0) {
    tell(found.functions === 1 ? 'nothing found in this function.' : `nothing found in ${found.functions} functions.`);
  }
}

/** Return where the cursor is; where that is no code that the server reads, say so. */
function placeOfCursor(): Place | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || !isRead(editor.document.languageId)) {
    tell('this command works in an editor with code of a language that the server reads.');
    return undefined;
  }
  return { uri: editor.document.uri.toString(), range: plain(editor.selection) };
}

/** As the protocol has it; VS Code would write another JSON. */
function plain({ start, end }: vscode.Range): Range {
  return {
    start: { line: start.line, character: start.character },
    end: { line: end.line, character: end.character },
  };
}
