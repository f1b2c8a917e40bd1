// Puts the parts together. What each does is in its own file.

import * as vscode from 'vscode';
import { registerCommands } from './commands';
import { Documents } from './documents';
import { Proposals } from './proposals';
import { Server } from './server';
import { Setup } from './setup';
import { StatusBar } from './status-bar';
import { Work } from './work';

let running: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Qwen LSP', { log: true });
  const work = new Work();
  const documents = new Documents();
  const proposals = new Proposals(documents);
  const server = new Server(context.extension, log, work, proposals);
  running = server;
  const setup = new Setup(context, server, log);

  context.subscriptions.push(
    log,
    server,
    documents,
    proposals,
    new StatusBar(server),
    registerCommands({ server, documents, proposals, setup, log, work }),
    vscode.window.onDidChangeWindowState(({ focused }) => focused && void setup.lookAgain()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.sendSettings()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('qwenLsp.server.path')) {
        void setup.begin();
      } else if (event.affectsConfiguration('qwenLsp')) {
        server.sendSettings();
      }
    }),
  );
  // Not awaited: the editor must not wait for the server.
  void setup.begin();
}

/** VS Code waits for this, and not for what is disposed of. */
export function deactivate(): Promise<void> | undefined {
  return running?.stop();
}
