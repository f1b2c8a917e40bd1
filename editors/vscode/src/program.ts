// Runs a program to its end and returns what it says. Nothing of it is shown in a terminal.

import { execFile } from 'node:child_process';

const LONGEST_MS = 60_000;

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Run `program`; rejects only where it cannot be started or takes longer than a minute. */
export function run(program: string, args: string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const options = {
      timeout: LONGEST_MS,
      windowsHide: true,
      maxBuffer: 16 * 2 ** 20,
      env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
    };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') {
        reject(error);
      } else {
        resolve({ code: (error?.code as number | undefined) ?? 0, stdout, stderr });
      }
    });
  });
}
