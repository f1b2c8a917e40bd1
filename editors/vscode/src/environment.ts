// The Python environment of the server, in the extension's own folder.
//
// An environment cannot be moved once it is made, so each is made in a folder of its own, and
// `current.json` names the one that is whole. It is written last and in one step: what broke off
// half-way is never used.

import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the extension brings: the server as a wheel, and the pinned packages that it needs. */
export interface Shipped {
  wheel: string;
  requirements: string;
  version: string;
  /** Of both files, so that any change of them is another server. */
  fingerprint: string;
}

export interface Installed {
  folder: string;
  fingerprint: string;
}

const POINTER = 'current.json';
/** Older than this, what is not current is no install that another window has under way. */
const LEFT_OVER_MS = 24 * 3600_000;

export async function shipped(extensionFolder: string): Promise<Shipped | undefined> {
  const folder = join(extensionFolder, 'server');
  const names = existsSync(folder) ? await readdir(folder) : [];
  const wheel = names.find((name) => name.endsWith('.whl'));
  if (wheel === undefined) {
    return undefined;
  }
  const paths = [join(folder, wheel), join(folder, 'requirements.txt')] as const;
  const hash = createHash('sha256');
  for (const path of paths) {
    hash.update(await readFile(path));
  }
  const version = wheel.split('-')[1] ?? '';
  return { wheel: paths[0], requirements: paths[1], version, fingerprint: hash.digest('hex') };
}

export class Environments {
  constructor(private readonly root: string) {}

  /** Return the environment that is whole, undefined where there is none. */
  async current(): Promise<Installed | undefined> {
    try {
      const text = await readFile(join(this.root, POINTER), 'utf-8');
      const installed = JSON.parse(text) as Installed;
      return existsSync(programIn(installed.folder)) ? installed : undefined;
    } catch {
      return undefined;
    }
  }

  /** Return a folder for a new environment; it does not exist yet. */
  async newFolder(): Promise<string> {
    await mkdir(this.root, { recursive: true });
    // Short: Windows still has programs that know no path of more than 260 characters.
    return join(this.root, `env-${randomUUID().slice(0, 8)}`);
  }

  /** Make an environment the current one. */
  async finish(installed: Installed): Promise<void> {
    const part = join(this.root, `${POINTER}.${randomUUID().slice(0, 8)}`);
    await writeFile(part, JSON.stringify(installed));
    await rename(part, join(this.root, POINTER));
  }

  /** Remove what broke off or was replaced, but nothing of the last day. */
  async sweep(now: number): Promise<void> {
    const kept = (await this.current())?.folder;
    const names = existsSync(this.root) ? await readdir(this.root) : [];
    for (const name of names.filter((each) => each !== POINTER)) {
      const path = join(this.root, name);
      if (path !== kept && now - (await stat(path)).mtimeMs > LEFT_OVER_MS) {
        await rm(path, { recursive: true, force: true });
      }
    }
  }
}

export function pythonIn(folder: string, platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}

export function programIn(folder: string, platform: NodeJS.Platform = process.platform): string {
  const [scripts, name] = platform === 'win32' ? ['Scripts', 'qwen-lsp.exe'] : ['bin', 'qwen-lsp'];
  return join(folder, scripts, name);
}
