// A program that takes minutes: line by line, and ended with all that it has started.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Says that the work is to stop; VS Code's CancellationToken is one. */
export interface Stop {
  isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): { dispose(): void };
}

export class StoppedError extends Error {}

/** Run a program to its end and return its exit code; rejects with StoppedError after a stop. */
export function runLong(
  command: string,
  args: string[],
  stop: Stop,
  onLine: (line: string) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    if (stop.isCancellationRequested) {
      reject(new StoppedError());
      return;
    }
    const child = spawn(command, args, {
      // A group of its own, so that compilers that pip has started end with it.
      detached: process.platform !== 'win32',
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const listener = stop.onCancellationRequested(() => endTree(child));
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on('line', onLine);
    }
    child.once('error', (error) => {
      listener.dispose();
      reject(error);
    });
    child.once('close', (code) => {
      listener.dispose();
      if (stop.isCancellationRequested) {
        reject(new StoppedError());
      } else {
        resolve(code ?? 1);
      }
    });
  });
}

/** What leads Python to the packages of another one must not lead here. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { PYTHONHOME: _home, PYTHONPATH: _path, VIRTUAL_ENV: _environment, ...rest } = process.env;
  return { ...rest, PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8' };
}

function endTree(child: ChildProcess): void {
  if (child.pid === undefined) {
    return;
  }
  if (process.platform === 'win32') {
    spawn('taskkill', ['/PID', String(child.pid), '/T', '/F'], { windowsHide: true });
    return;
  }
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    // It has ended meanwhile.
  }
}
