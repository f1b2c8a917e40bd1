// Shows an edit as VS Code's own diff, and makes it or drops it as the user says.

import * as vscode from 'vscode';
import type { WorkspaceEdit } from 'vscode-languageclient/node';
import { configuration } from './configuration';
import type { Documents } from './documents';
import { tell } from './messages';
import { type Preview, type Proposal, proposalOf, replaced } from './proposal';

/** Turns an edit of the server into VS Code's. */
export type Convert = (edit: WorkspaceEdit) => Promise<vscode.WorkspaceEdit>;

interface Open {
  shown: vscode.Uri;
  decide(taken: boolean): void;
}

export class Proposals implements vscode.Disposable {
  private open: Open | undefined;
  private count = 0;
  private readonly closing = vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
    if (this.open !== undefined && closed.some((tab) => isTabOf(tab, this.open?.shown))) {
      this.decide(false);
    }
  });

  constructor(private readonly documents: Documents) {}

  /** Return what has to be shown before `edit` is made, as the setting `qwenLsp.preview` says. */
  wanted(edit: WorkspaceEdit): Proposal | undefined {
    return proposalOf(edit, configuration().get<Preview>('preview', 'rewrites'));
  }

  /** Show the edit and wait for the decision; return whether it was made. */
  async review(proposal: Proposal, edit: WorkspaceEdit, convert: Convert): Promise<boolean> {
    this.decide(false); // an older one that is still open
    const uri = vscode.Uri.parse(proposal.uri);
    const before = proposal.isNew ? undefined : await vscode.workspace.openTextDocument(uri);
    const version = before?.version;
    const name = uri.path.replace(/^.*\//, '');
    const shown = this.documents.put(`proposed/${++this.count}/${name}`, proposedText(proposal, before));
    const left = before?.uri ?? this.documents.put(`none/${name}`, '');
    const decision = new Promise<boolean>((decide) => (this.open = { shown, decide }));
    const title = `${proposal.title}: ${name} (take ✓ or discard)`;
    await vscode.commands.executeCommand('vscode.diff', left, shown, title, { preview: true });
    const taken = await decision;
    await closeTab(shown);
    if (!taken) {
      return false;
    }
    if (before !== undefined && before.version !== version) {
      tell('the code has changed meanwhile. Ask for the edit again.');
      return false;
    }
    const made = await vscode.workspace.applyEdit(await convert(edit));
    await vscode.window.showTextDocument(uri);
    return made;
  }

  /** Make or drop the edit that is shown. */
  decide(taken: boolean): void {
    const { open } = this;
    this.open = undefined;
    open?.decide(taken);
  }

  dispose(): void {
    this.decide(false);
    this.closing.dispose();
  }
}

function proposedText({ edits }: Proposal, before: vscode.TextDocument | undefined): string {
  const replacements = edits.map(({ range: { start, end }, newText }) => ({
    start: before?.offsetAt(new vscode.Position(start.line, start.character)) ?? 0,
    end: before?.offsetAt(new vscode.Position(end.line, end.character)) ?? 0,
    text: newText,
  }));
  return replaced(before?.getText() ?? '', replacements);
}

function isTabOf({ input }: vscode.Tab, shown: vscode.Uri | undefined): boolean {
  return (
    input instanceof vscode.TabInputTextDiff && input.modified.toString() === shown?.toString()
  );
}

async function closeTab(shown: vscode.Uri): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  await vscode.window.tabGroups.close(tabs.filter((tab) => isTabOf(tab, shown)));
}
