// The requests that the user has asked for and waits for, so that one command can stop them all.

import * as vscode from 'vscode';

const CONTEXT = 'qwenLsp.working';

export class Work {
  private readonly running = new Set<vscode.CancellationTokenSource>();

  get isGoingOn(): boolean {
    return this.running.size > 0;
  }

  /** Run `request` with a token that ends with `token` or by `cancel`. */
  async run<R>(
    token: vscode.CancellationToken | undefined,
    request: (token: vscode.CancellationToken) => Promise<R>,
  ): Promise<R> {
    const source = new vscode.CancellationTokenSource();
    const follow = token?.onCancellationRequested(() => source.cancel());
    this.running.add(source);
    this.show();
    try {
      return await request(source.token);
    } finally {
      this.running.delete(source);
      this.show();
      follow?.dispose();
      source.dispose();
    }
  }

  cancel(): void {
    for (const source of this.running) {
      source.cancel();
    }
  }

  private show(): void {
    void vscode.commands.executeCommand('setContext', CONTEXT, this.isGoingOn);
  }
}
