// The log of the extension and of the server: one output channel.

import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import type * as vscode from 'vscode';

/** Write each line of `input` to the log, as grave as it says that it is. */
export function logLines(input: Readable, log: vscode.LogOutputChannel): void {
  createInterface({ input }).on('line', (line) => {
    const [, level] = /\b(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b/.exec(line) ?? [];
    switch (level) {
      case 'DEBUG':
        return log.debug(line);
      case 'WARNING':
        return log.warn(line);
      case 'ERROR':
      case 'CRITICAL':
        return log.error(line);
      default:
        return log.info(line);
    }
  });
}
