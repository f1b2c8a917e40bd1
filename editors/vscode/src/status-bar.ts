// The item in the status bar: what the server is doing, always visible.

import * as vscode from 'vscode';
import { suggestsIn } from './configuration';
import { isRead } from './languages';
import type { Server } from './server';
import { type ActiveLanguage, statusText } from './status-text';

export class StatusBar implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly listeners: vscode.Disposable[];

  constructor(private readonly server: Server) {
    this.item = vscode.window.createStatusBarItem('qwenLsp.status', vscode.StatusBarAlignment.Right, 90);
    this.item.name = 'Qwen LSP';
    this.item.command = 'qwenLsp.menu';
    const show = () => this.show();
    this.listeners = [
      server.onStatus(show),
      vscode.window.onDidChangeActiveTextEditor(show),
      vscode.workspace.onDidChangeConfiguration(show),
    ];
    this.show();
  }

  dispose(): void {
    vscode.Disposable.from(...this.listeners, this.item).dispose();
  }

  private show(): void {
    const { text, tooltip, label, warns } = statusText(this.server.status, activeLanguage());
    this.item.text = text;
    this.item.tooltip = new vscode.MarkdownString(tooltip);
    this.item.accessibilityInformation = { label, role: 'button' };
    const colour = 'statusBarItem.warningBackground';
    this.item.backgroundColor = warns ? new vscode.ThemeColor(colour) : undefined;
    this.item.show();
  }
}

/** The language of the active editor and whether it gets suggestions, where the server reads it. */
export function activeLanguage(): (ActiveLanguage & { id: string }) | undefined {
  const document = vscode.window.activeTextEditor?.document;
  if (document === undefined || !isRead(document.languageId)) {
    return undefined;
  }
  const id = document.languageId;
  return { id, name: languageName(id), enabled: suggestsIn(document) };
}

function languageName(id: string): string {
  const names: Record<string, string> = {
    cpp: 'C++',
    csharp: 'C#',
    javascript: 'JavaScript',
    javascriptreact: 'JavaScript JSX',
    php: 'PHP',
    shellscript: 'shell scripts',
    typescript: 'TypeScript',
    typescriptreact: 'TypeScript JSX',
  };
  return names[id] ?? id.charAt(0).toUpperCase() + id.slice(1);
}
