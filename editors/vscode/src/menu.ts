// The menu of the status bar item.

import * as vscode from 'vscode';
import type { Server } from './server';
import { activeLanguage } from './status-bar';
import { statusText } from './status-text';
import type { Work } from './work';

interface Entry extends vscode.QuickPickItem {
  command?: string;
}

export async function showMenu(server: Server, work: Work): Promise<void> {
  const chosen = await vscode.window.showQuickPick(entries(server, work), {
    title: statusText(server.status, activeLanguage()).title,
    placeHolder: [server.status.speed, server.status.message].filter(Boolean).join(' · '),
  });
  // A click has put the focus on the status bar, where the next space would open the menu again.
  await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
  if (chosen?.command !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

function entries(server: Server, work: Work): Entry[] {
  if (server.status.state === 'notInstalled') {
    return [
      { label: '$(cloud-download) Install the server', command: 'qwenLsp.install' },
      { label: '$(file-binary) Choose a program…', command: 'qwenLsp.chooseProgram' },
      ...last(),
    ];
  }
  const found: Entry[] = [];
  if (work.isGoingOn) {
    found.push({ label: '$(debug-stop) Stop what is going on', command: 'qwenLsp.cancel' });
  }
  const paused = server.status.state === 'paused';
  found.push({
    label: paused ? '$(debug-start) Resume' : '$(debug-pause) Pause',
    command: 'qwenLsp.togglePause',
  });
  const language = activeLanguage();
  if (language !== undefined) {
    found.push({
      label: language.enabled
        ? `$(circle-slash) No suggestions in ${language.name}`
        : `$(sparkle) Suggestions in ${language.name}`,
      command: 'qwenLsp.toggleLanguage',
    });
  }
  found.push(
    { label: '$(chip) Select model…', description: server.status.model, command: 'qwenLsp.chooseModel' },
    separator('This code'),
    { label: '$(comment-discussion) Review this function', command: 'qwenLsp.reviewFunction' },
    { label: '$(checklist) Review this file', command: 'qwenLsp.reviewFile' },
    { label: '$(edit) Rewrite as I say…', command: 'qwenLsp.rewriteHere' },
    { label: '$(book) Explain', command: 'qwenLsp.explainHere' },
    separator('Looking inside'),
    { label: '$(file-code) Show last prompt', command: 'qwenLsp.showLastPrompt' },
    { label: '$(debug-restart) Restart engine', command: 'qwenLsp.restart' },
    { label: '$(pulse) Doctor', command: 'qwenLsp.doctor' },
    ...last(),
  );
  return found;
}

function last(): Entry[] {
  return [
    { label: '$(output) Open log', command: 'qwenLsp.openLog' },
    { label: '$(gear) Settings', command: 'qwenLsp.openSettings' },
  ];
}

function separator(label: string): Entry {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
