// The log of the extension and of the server: one output channel.

import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import type * as vscode from 'vscode';

/** How the server's lines begin: when, which the channel says itself, and how grave. */
const BEGIN = /^[\d-]+ [\d:,]+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) /;

/** Write each line of `input` to the log, as grave as it says that it is. */
export function logLines(input: Readable, log: vscode.LogOutputChannel): void {
  createInterface({ input }).on('line', (whole) => {
    const [begin = '', level] = BEGIN.exec(whole) ?? [];
    const line = whole.slice(begin.length);
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
