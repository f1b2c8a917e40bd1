// Where the extension has its say between VS Code and the server.

import * as vscode from 'vscode';
import type { MessageSignature, Middleware, WorkspaceEdit } from 'vscode-languageclient/node';
import { sectionForServer, suggestsIn } from './configuration';
import { tellRefusal } from './messages';
import type { Convert, Proposals } from './proposals';
import type { Work } from './work';

/** Requests that somebody waits for: they can be stopped, and a refusal is told. */
const ASKED_FOR = ['codeAction/resolve', 'workspace/executeCommand'];
/** Commands without an answer of interest, sent on the way of typing. */
const SILENT = ['qwenLsp.accepted'];

export function middleware(
  serverKeys: string[],
  work: Work,
  proposals: Proposals,
  convert: Convert,
): Middleware {
  return {
    async sendRequest(type, param, token, next) {
      if (!isAskedFor(type, param)) {
        return next(type, param, token);
      }
      try {
        const result = await work.run(token, (own) => next(type, param, own));
        return withoutProposal(result);
      } catch (error) {
        tellRefusal(error);
        throw error;
      }
    },

    async executeCommand(command, args, next) {
      // What is thrown from here VS Code shows as an error; the refusal has been told already.
      try {
        const asked = await withInstruction(command, args as unknown[]);
        return asked === undefined ? undefined : await next(command, asked);
      } catch {
        return undefined;
      }
    },

    async resolveCodeAction(item, token, next) {
      try {
        return await next(item, token);
      } catch {
        return item; // without an edit: nothing happens
      }
    },

    async provideInlineCompletionItems(document, position, context, token, next) {
      if (!suggestsIn(document)) {
        return undefined;
      }
      try {
        const found = await next(document, position, context, token);
        const items = Array.isArray(found) ? found : (found?.items ?? []);
        const told = { kind: 'all', uri: document.uri.toString() };
        for (const item of items) {
          item.command ??= { title: '', command: 'qwenLsp.accepted', arguments: [told] };
        }
        return items;
      } catch {
        return undefined; // the log has it; nothing pops up while typing
      }
    },

    workspace: {
      configuration: (params) => params.items.map(() => sectionForServer(serverKeys)),
      async handleApplyEdit(params, next) {
        const proposal = proposals.wanted(params.edit);
        return proposal === undefined
          ? next(params, new vscode.CancellationTokenSource().token)
          : { applied: await proposals.review(proposal, params.edit, convert) };
      },
    },
  };

  /** An edit that must be looked at is shown, and the action that VS Code gets has none. */
  function withoutProposal<R>(result: R): R {
    const edit = (result as { edit?: WorkspaceEdit } | null)?.edit;
    const proposal = edit && proposals.wanted(edit);
    if (edit === undefined || proposal === undefined) {
      return result;
    }
    void proposals.review(proposal, edit, convert);
    return { ...result, edit: undefined };
  }
}

function isAskedFor(type: string | MessageSignature, param: unknown): boolean {
  const method = typeof type === 'string' ? type : type.method;
  const command = (param as { command?: string } | undefined)?.command ?? '';
  return ASKED_FOR.includes(method) && !SILENT.includes(command);
}

/** The menu's *Rewrite as I say* comes without the words; undefined where the user gives none. */
async function withInstruction(command: string, args: unknown[]): Promise<unknown[] | undefined> {
  const [argument] = args as [{ instruction?: string } | undefined];
  if (command !== 'qwenLsp.rewrite' || argument === undefined || argument.instruction) {
    return args;
  }
  const instruction = await askForInstruction();
  return instruction === undefined ? undefined : [{ ...argument, instruction }];
}

export async function askForInstruction(): Promise<string | undefined> {
  const instruction = await vscode.window.showInputBox({
    title: 'Rewrite as I say',
    prompt: 'What should become of this code?',
    placeHolder: 'for example: return early instead of nesting',
  });
  return instruction?.trim() || undefined;
}
