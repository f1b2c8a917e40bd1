// Puts the parts together. What each does is in its own file.

import * as vscode from 'vscode';
import { registerCommands } from './commands';
import { Documents } from './documents';
import { findProgram } from './environment';
import { Server } from './server';
import { StatusBar } from './status-bar';
import { noStatus } from './status-text';
import { Work } from './work';

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel('Qwen LSP', { log: true });
  const work = new Work();
  const server = new Server(context.extension, log, work);
  const documents = new Documents();

  const begin = async (): Promise<void> => {
    const program = await findProgram();
    if (program === undefined) {
      server.setStatus(noStatus('notInstalled', 'The server is not installed.'));
    } else {
      await server.start(program);
    }
  };

  context.subscriptions.push(
    log,
    server,
    documents,
    new StatusBar(server),
    registerCommands({ server, documents, log, work, begin }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.sendSettings()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('qwenLsp.server')) {
        void begin();
      } else if (event.affectsConfiguration('qwenLsp')) {
        server.sendSettings();
      }
    }),
  );
  // Not awaited: the editor must not wait for the server.
  void begin();
}
