// The language server's process and the client that speaks with it.

import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  type ErrorHandler,
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  ProgressType,
  RevealOutputChannelOn,
  State as ClientState,
} from 'vscode-languageclient/node';
import { sectionForServer, serverKeys } from './configuration';
import { isRead, LANGUAGE_IDS } from './languages';
import { logLines } from './log';
import { tell, words } from './messages';
import { middleware } from './middleware';
import type { Convert, Proposals } from './proposals';
import { Restarts } from './restarts';
import { noStatus, type Status } from './status-text';
import type { Work } from './work';

/** A client whose troubles go to its log: the status bar shows them, and no message pops up. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }

  override info(message: string, data?: unknown): void {
    super.info(message, data, false);
  }
}

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private turn = 0;
  private readonly keys: string[];
  private readonly restarts = new Restarts();
  private readonly changed = new vscode.EventEmitter<Status>();
  /** Fires with each new status. */
  readonly onStatus = this.changed.event;
  status: Status = noStatus('starting');
  /** The program that runs, or ran last. */
  program: string | undefined;

  constructor(
    extension: vscode.Extension<unknown>,
    private readonly log: vscode.LogOutputChannel,
    private readonly work: Work,
    private readonly proposals: Proposals,
  ) {
    this.keys = serverKeys(extension);
  }

  get isRunning(): boolean {
    return this.client?.state === ClientState.Running;
  }

  setStatus(status: Status): void {
    this.status = status;
    this.changed.fire(status);
    for (const [state, key] of [['ready', 'qwenLsp.ready'], ['starting', 'qwenLsp.installed']]) {
      if (status.state === state) {
        void vscode.commands.executeCommand('setContext', key, true); // a step of the walkthrough
      }
    }
  }

  /** Start `program serve`; a failure shows in the status. */
  async start(program: string): Promise<void> {
    const turn = ++this.turn;
    await this.stop();
    if (turn !== this.turn) {
      return; // the settings have changed again
    }
    this.program = program;
    this.restarts.forget();
    this.setStatus(noStatus('starting', 'The server is started.'));
    const client = new QuietClient(
      'qwenLsp',
      'Qwen LSP',
      { command: program, args: ['serve'] },
      this.options(),
    );
    this.client = client;
    client.onNotification('qwenLsp/status', (status: Partial<Status>) => {
      this.setStatus({ ...noStatus('starting'), ...status });
    });
    try {
      await client.start();
      suggestForEarlyTyping();
    } catch (error) {
      if (this.client === client) {
        this.failed(`${program} could not be started: ${words(error)}`);
      }
    }
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    try {
      await client?.dispose(2000);
    } catch (error) {
      this.log.info(`stopping: ${words(error)}`); // it had not started, or has ended already
    }
  }

  /** Say whether the server can be asked; where it cannot, tell the user, who has asked. */
  isThere(): boolean {
    if (!this.isRunning) {
      tell('the server is not running. The status bar says why.');
    }
    return this.isRunning;
  }

  /** Send one of the server's commands; undefined where it was refused, which the user is told. */
  async execute<R>(
    command: string,
    args: unknown[] = [],
    token?: vscode.CancellationToken,
  ): Promise<R | undefined> {
    if (this.client === undefined || !this.isThere()) {
      return undefined;
    }
    try {
      const params = { command, arguments: args };
      return (await this.client.sendRequest(ExecuteCommandRequest.type, params, token)) as R;
    } catch {
      return undefined;
    }
  }

  /** Call `show` with what the server reports under `token`, until that is disposed of. */
  onProgress<P>(token: string, show: (value: P) => void): vscode.Disposable {
    const type = new ProgressType<P>();
    return this.client?.onProgress(type, token, show) ?? new vscode.Disposable(() => {});
  }

  /** Tell the server that its settings, or the trust in the folder, have changed. */
  sendSettings(): void {
    if (this.isRunning) {
      const settings = { qwenLsp: sectionForServer(this.keys) };
      void this.client?.sendNotification('workspace/didChangeConfiguration', { settings });
    }
  }

  dispose(): Promise<void> {
    this.changed.dispose();
    return this.stop();
  }

  private options(): LanguageClientOptions {
    const schemes = ['file', 'untitled'];
    const convert: Convert = async (edit) =>
      (await this.client?.protocol2CodeConverter.asWorkspaceEdit(edit)) ?? new vscode.WorkspaceEdit();
    return {
      documentSelector: LANGUAGE_IDS.flatMap((language) =>
        schemes.map((scheme) => ({ language, scheme })),
      ),
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      diagnosticCollectionName: 'qwen-lsp',
      errorHandler: this.errorHandler(),
      initializationFailedHandler: () => false,
      middleware: middleware(this.keys, this.work, this.proposals, convert),
      stdioOptions: {
        // On stdout is the protocol. The log of the server says itself how grave a line is.
        stdout: () => {},
        stderr: (input) => logLines(input, this.log),
      },
    };
  }

  private errorHandler(): ErrorHandler {
    return {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        if (this.restarts.mayStartAgain(Date.now())) {
          this.setStatus(noStatus('starting', 'The server has ended and is started again.'));
          return { action: CloseAction.Restart, handled: true };
        }
        this.failed('The server has ended several times in three minutes. The log says why.');
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    };
  }

  private failed(message: string): void {
    this.log.error(message);
    this.setStatus(noStatus('stopped', message));
  }
}

/** Who has typed before there was a server gets the suggestion that nobody could be asked for. */
function suggestForEarlyTyping(): void {
  const document = vscode.window.activeTextEditor?.document;
  if (document !== undefined && document.version > 1 && isRead(document.languageId)) {
    void vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
  }
}
