// Where the server's program is.

import { homedir } from 'node:os';
import { configuration } from './configuration';

/** Return the program to start, undefined where there is none yet. */
export async function findProgram(): Promise<string | undefined> {
  const path = configuration().get('server.path', '').trim();
  return path === '' ? undefined : path.replace(/^~(?=[\\/])/, homedir());
}
