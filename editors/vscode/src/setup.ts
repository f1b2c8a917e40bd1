// Finds the server's program, and installs it where the user says so.

import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { configuration } from './configuration';
import { Environments, programIn, type Shipped, shipped } from './environment';
import { install, InstallError } from './install';
import { StoppedError } from './long-program';
import { tell } from './messages';
import type { Server } from './server';
import { noStatus } from './status-text';

const ASKED = 'installAsked';
const UPDATE_DECLINED = 'updateDeclined';
const INSTALL = 'Install';
const CHOOSE = 'Choose a Program…';

export class Setup {
  private readonly environments: Environments;
  private installing = false;
  private asking = false;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly server: Server,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.environments = new Environments(context.globalStorageUri.fsPath);
  }

  /** Start the server with the program of the settings or of the installation; ask where none is. */
  async begin(): Promise<void> {
    const named = namedProgram();
    if (named !== '') {
      await this.startNamed(named);
      return;
    }
    const installed = await this.environments.current();
    if (installed === undefined) {
      await this.server.stop();
      this.server.setStatus(noStatus('notInstalled', 'The server is not installed yet.'));
      await this.askToInstall();
      return;
    }
    await this.server.start(programIn(installed.folder));
    await this.askToUpdate(installed.fingerprint);
    await this.environments.sweep(Date.now());
  }

  /** Look again where the server was missing: another window may have installed it. */
  async lookAgain(): Promise<void> {
    const missing = this.server.status.state === 'notInstalled';
    if (missing && !this.installing && (await this.environments.current()) !== undefined) {
      await this.begin();
    }
  }

  /** Install the server and start it, with a notification that shows what is done and can cancel. */
  async install(): Promise<void> {
    const brought = await shipped(this.context.extensionPath);
    if (brought === undefined) {
      tell('this build of the extension brings no server; name a program in qwenLsp.server.path.');
    } else if (!this.installing) {
      this.installing = true;
      try {
        await this.installWithProgress(brought);
      } finally {
        this.installing = false;
      }
    }
  }

  async chooseProgram(): Promise<void> {
    const title = 'The program qwen-lsp';
    const [chosen] = (await vscode.window.showOpenDialog({ title, openLabel: 'Use' })) ?? [];
    if (chosen !== undefined) {
      const target = vscode.ConfigurationTarget.Global;
      await configuration().update('server.path', chosen.fsPath, target); // which starts it
    }
  }

  private async startNamed(program: string): Promise<void> {
    if (isAbsolute(program) && !existsSync(program)) {
      await this.server.stop();
      const message = `There is no program ${program} (setting qwenLsp.server.path).`;
      this.server.setStatus(noStatus('stopped', message));
    } else {
      await this.server.start(program);
    }
  }

  private async askToInstall(): Promise<void> {
    if (this.asking || this.context.globalState.get<boolean>(ASKED)) {
      return;
    }
    this.asking = true;
    const question =
      'Qwen LSP needs its server: about 250 MB in a folder of this extension, and 5 to 10 minutes to compile llama.cpp for this machine.';
    const answer = await vscode.window.showInformationMessage(question, INSTALL, CHOOSE, 'Not Now');
    await this.context.globalState.update(ASKED, true);
    if (answer === INSTALL) {
      await this.install();
    } else if (answer === CHOOSE) {
      await this.chooseProgram();
    }
  }

  private async askToUpdate(fingerprint: string): Promise<void> {
    const brought = await shipped(this.context.extensionPath);
    const declined = this.context.globalState.get<string>(UPDATE_DECLINED);
    if (brought === undefined || [fingerprint, declined].includes(brought.fingerprint)) {
      return;
    }
    const question = `This version of Qwen LSP brings another server (${brought.version}). Until it is installed, the one that you have is used.`;
    const answer = await vscode.window.showInformationMessage(question, INSTALL, 'Not Now');
    if (answer === INSTALL) {
      await this.install();
    } else {
      await this.context.globalState.update(UPDATE_DECLINED, brought.fingerprint);
    }
  }

  private async installWithProgress(brought: Shipped): Promise<void> {
    const before = this.server.status;
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: 'Installing Qwen LSP',
      cancellable: true,
    };
    try {
      await vscode.window.withProgress(options, (progress, token) => {
        const observer = {
          step: (text: string) => {
            progress.report({ message: `${text}…` });
            if (!this.server.isRunning) {
              this.server.setStatus(noStatus('installing', `${text}.`));
            }
          },
          line: (text: string) => this.log.info(text),
        };
        const python = configuration().get('server.python', '').trim();
        return install(brought, this.environments, withHome(python), observer, token);
      });
    } catch (error) {
      this.server.setStatus(before);
      if (!(error instanceof StoppedError)) {
        await this.tellFailure(error);
      }
      return;
    }
    await this.begin();
  }

  private async tellFailure(error: unknown): Promise<void> {
    const sentence = error instanceof InstallError ? error.message : String(error);
    this.log.error(sentence);
    const text = `Qwen LSP: the server was not installed: ${sentence}`;
    const answer = await vscode.window.showWarningMessage(text, 'Open Log', 'Try Again');
    if (answer === 'Open Log') {
      this.log.show(true);
    } else if (answer === 'Try Again') {
      await this.install();
    }
  }
}

function namedProgram(): string {
  return withHome(configuration().get('server.path', '').trim());
}

function withHome(path: string): string {
  return path.replace(/^~(?=[\\/])/, homedir());
}
