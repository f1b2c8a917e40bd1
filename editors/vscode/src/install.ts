// Making the server's environment: venv, the pinned packages, the wheel. Knows nothing of VS Code.

import { rm } from 'node:fs/promises';
import { Environments, programIn, pythonIn, type Shipped } from './environment';
import { runLong, type Stop } from './long-program';
import { pipFailure, pipStep } from './pip-output';
import { findPython } from './pythons';

/** Why there is no environment, in a sentence for the user. */
export class InstallError extends Error {}

export interface Observer {
  /** What is being done, for the user. */
  step(text: string): void;
  /** Every line that the programs write, for the log. */
  line(text: string): void;
}

/**
 * Make an environment and make it the current one; returns the server's program. Rejects with
 * InstallError, or with StoppedError after a stop; then nothing is left but the log.
 */
export async function install(
  shipped: Shipped,
  environments: Environments,
  namedPython: string,
  observer: Observer,
  stop: Stop,
): Promise<string> {
  observer.step('Looking for Python');
  const python = await findPython(namedPython, observer.line);
  if (python === undefined) {
    throw new InstallError(
      namedPython === ''
        ? 'no Python 3.11 to 3.14 with venv was found. Install one, or name one in the setting qwenLsp.server.python.'
        : `${namedPython} is no Python 3.11 to 3.14 with venv (setting qwenLsp.server.python).`,
    );
  }
  const folder = await environments.newFolder();
  try {
    observer.step('Making an environment');
    await succeed([python.command, ...python.args, '-m', 'venv', folder], observer, stop);
    const pip = [pythonIn(folder), '-m', 'pip', '--disable-pip-version-check', '--no-input', 'install'];
    const pinned = ['--progress-bar', 'off', '--require-hashes', '--requirement', shipped.requirements];
    await succeed([...pip, ...pinned], observer, stop);
    observer.step('Installing the server');
    await succeed([...pip, '--no-deps', '--no-index', shipped.wheel], observer, stop);
    // Compiles nothing and asks for no model: it only shows that the program starts.
    await succeed([programIn(folder), '--version'], observer, stop);
  } catch (error) {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  }
  await environments.finish({ folder, fingerprint: shipped.fingerprint });
  return programIn(folder);
}

async function succeed(command: string[], observer: Observer, stop: Stop): Promise<void> {
  const [program = '', ...args] = command;
  const lines: string[] = [];
  observer.line(`$ ${command.join(' ')}`);
  const code = await runLong(program, args, stop, (line) => {
    lines.push(line);
    observer.line(line);
    const step = pipStep(line);
    if (step !== undefined) {
      observer.step(step);
    }
  });
  if (code !== 0) {
    throw new InstallError(pipFailure(lines));
  }
}
