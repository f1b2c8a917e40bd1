// What the user is told in words. State belongs in the status bar: a message is only for an answer
// to something that was asked for by hand.

import * as vscode from 'vscode';
import { ErrorCodes, LSPErrorCodes, ResponseError } from 'vscode-languageclient/node';

const SAME_AGAIN_MS = 10_000;
let last = { text: '', at: 0 };

/** Show a sentence once; the same one again within ten seconds is not shown. */
export function tell(text: string): void {
  const now = Date.now();
  if (text !== last.text || now - last.at > SAME_AGAIN_MS) {
    last = { text, at: now };
    void vscode.window.showInformationMessage(`Qwen LSP: ${text}`);
  }
}

/** Tell why a request that was asked for by hand was refused; a cancel needs no words. */
export function tellRefusal(error: unknown): void {
  const sentence = refusal(error);
  if (sentence !== undefined) {
    tell(sentence);
  }
}

function refusal(error: unknown): string | undefined {
  if (error instanceof vscode.CancellationError) {
    return undefined;
  }
  if (error instanceof ResponseError) {
    const silent: number[] = [
      LSPErrorCodes.RequestCancelled,
      LSPErrorCodes.ServerCancelled,
      ErrorCodes.PendingResponseRejected,
    ];
    if (silent.includes(error.code)) {
      return undefined;
    }
    if (error.code === ErrorCodes.ConnectionInactive) {
      return 'the server is not running. The status bar says why.';
    }
  }
  return words(error);
}

/** Return what was thrown, in words. */
export function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
