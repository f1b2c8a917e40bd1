// Which Python an environment can be made with.

import { run } from './program';

export interface Python {
  command: string;
  args: string[];
}

const VERSIONS = ['3.13', '3.12', '3.11', '3.14'];
const TOO_NEW = 15;
const OLDEST = 11;
/** Fails where venv or pip is missing, as on a Debian without python3-venv. */
const CHECK = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';

/** Return what to try, best first. A Python that the user names is the only one that is tried. */
export function candidates(named: string, platform: NodeJS.Platform): Python[] {
  if (named !== '') {
    return [{ command: named, args: [] }];
  }
  const launcher = ['3.13', '3.12', '3.11', '3.14', '3'].map((version) => ({
    command: 'py',
    args: [`-${version}`],
  }));
  const names = [...VERSIONS.map((version) => `python${version}`), 'python3', 'python'];
  const onPath = names.map((command) => ({ command, args: [] }));
  return platform === 'win32' ? [...launcher, { command: 'python', args: [] }] : onPath;
}

/** Say whether `printed`, what the check prints, is a version that the server runs with. */
export function isUsable(printed: string): boolean {
  const [, minor = ''] = /^3\.(\d+)\s*$/.exec(printed) ?? [];
  return minor !== '' && Number(minor) >= OLDEST && Number(minor) < TOO_NEW;
}

/** Return the first candidate that works, undefined where none does. */
export async function findPython(
  named: string,
  log: (line: string) => void,
): Promise<Python | undefined> {
  for (const python of candidates(named, process.platform)) {
    const name = [python.command, ...python.args].join(' ');
    try {
      const { code, stdout, stderr } = await run(python.command, [...python.args, '-c', CHECK]);
      if (code === 0 && isUsable(stdout)) {
        log(`${name} is Python ${stdout.trim()}: it is taken.`);
        return python;
      }
      const reason = code === 0 ? `Python ${stdout.trim()}` : stderr.trim().split('\n').at(-1);
      log(`${name} is no use: ${reason}`);
    } catch {
      log(`${name} is not there.`);
    }
  }
  return undefined;
}
