// The commands of the palette and the menu, in one visible table.

import * as vscode from 'vscode';
import { explainHere, reviewFile, reviewFunction, rewriteHere } from './code-commands';
import { setSuggestsIn } from './configuration';
import type { Documents } from './documents';
import { showMenu } from './menu';
import { tell, words } from './messages';
import { selectModel } from './models';
import { run } from './program';
import type { Proposals } from './proposals';
import type { Server } from './server';
import type { Setup } from './setup';
import { activeLanguage } from './status-bar';
import type { Work } from './work';

export interface Parts {
  server: Server;
  documents: Documents;
  proposals: Proposals;
  setup: Setup;
  log: vscode.LogOutputChannel;
  work: Work;
}

export function registerCommands(parts: Parts): vscode.Disposable {
  const { server, documents, proposals, setup, log, work } = parts;
  const table: Record<string, () => unknown> = {
    menu: () => showMenu(server, work),
    reviewFunction: () => reviewFunction(server),
    reviewFile: () => reviewFile(server),
    clearReviews: () => server.execute('qwenLsp.clearReview'),
    rewriteHere: () => rewriteHere(server),
    explainHere: () => explainHere(server, documents),
    takeProposal: () => proposals.decide(true),
    discardProposal: () => proposals.decide(false),
    showLastPrompt: () => showLastPrompt(server, documents),
    chooseModel: () => selectModel(server),
    togglePause: () => server.execute('qwenLsp.pause'),
    toggleLanguage,
    restart: () => (server.isRunning ? server.execute('qwenLsp.restartEngine') : setup.begin()),
    install: () => setup.install(),
    chooseProgram: () => setup.chooseProgram(),
    doctor: () => doctor(server, documents),
    cancel: () => work.cancel(),
    openLog: () => log.show(true),
    openSettings: () =>
      vscode.commands.executeCommand('workbench.action.openSettings', '@ext:qwen-lsp.qwen-lsp'),
  };
  const registered = Object.entries(table).map(([name, act]) =>
    vscode.commands.registerCommand(`qwenLsp.${name}`, act),
  );
  return vscode.Disposable.from(...registered);
}

async function showLastPrompt(server: Server, documents: Documents): Promise<void> {
  const prompt = await server.execute<string>('qwenLsp.showPrompt');
  if (prompt !== undefined) {
    await documents.show('Last prompt.txt', prompt);
  }
}

async function toggleLanguage(): Promise<void> {
  const language = activeLanguage();
  if (language === undefined) {
    tell('open a file of the language to turn suggestions on or off in it.');
  } else {
    await setSuggestsIn(language.id, !language.enabled);
  }
}

async function doctor({ program }: Server, documents: Documents): Promise<void> {
  if (program === undefined) {
    tell('the server is not installed yet.');
    return;
  }
  try {
    const { stdout, stderr } = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: 'Qwen LSP: looking at this machine' },
      () => run(program, ['doctor']),
    );
    await documents.show('Doctor.txt', `${program} doctor\n\n${stdout}${stderr}`);
  } catch (error) {
    tell(`the doctor could not be started: ${words(error)}`);
  }
}
