import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Environments, programIn, shipped } from '../src/environment';
import { install, InstallError } from '../src/install';
import { StoppedError } from '../src/long-program';

const DAY_MS = 24 * 3600_000;
const quiet = { step: () => {}, line: () => {} };
const never = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose() {} }) };
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'qwen-lsp-'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function made(environments: Environments): Promise<string> {
  const folder = await environments.newFolder();
  await mkdir(dirname(programIn(folder)), { recursive: true });
  await writeFile(programIn(folder), '');
  return folder;
}

test('only a finished environment is used', async () => {
  const environments = new Environments(root);
  assert.equal(await environments.current(), undefined);
  const folder = await made(environments);
  assert.equal(await environments.current(), undefined);
  await environments.finish({ folder, fingerprint: 'a' });
  assert.deepEqual(await environments.current(), { folder, fingerprint: 'a' });
});

test('an environment whose program is gone is none', async () => {
  const environments = new Environments(root);
  const folder = await made(environments);
  await environments.finish({ folder, fingerprint: 'a' });
  await rm(folder, { recursive: true });
  assert.equal(await environments.current(), undefined);
});

test('what is left over is removed after a day, and what is used stays', async () => {
  const environments = new Environments(root);
  const [old, current] = [await made(environments), await made(environments)];
  await environments.finish({ folder: current, fingerprint: 'b' });
  await environments.sweep(Date.now());
  assert.ok(existsSync(old), 'another window may be making it just now');
  await environments.sweep(Date.now() + 2 * DAY_MS);
  assert.ok(!existsSync(old));
  assert.deepEqual(await environments.current(), { folder: current, fingerprint: 'b' });
});

test('what the extension brings has a fingerprint of its contents', async () => {
  assert.equal(await shipped(root), undefined);
  const folder = join(root, 'server');
  await mkdir(folder);
  await writeFile(join(folder, 'qwen_lsp-1.2.3-py3-none-any.whl'), 'wheel');
  await writeFile(join(folder, 'requirements.txt'), 'a==1');
  const first = await shipped(root);
  await writeFile(join(folder, 'requirements.txt'), 'a==2');
  assert.equal(first?.version, '1.2.3');
  assert.notEqual((await shipped(root))?.fingerprint, first?.fingerprint);
});

const nothing = { wheel: 'no.whl', requirements: 'no.txt', version: '0', fingerprint: 'x' };

test('without a Python nothing is made', async () => {
  const attempt = install(nothing, new Environments(root), '/nowhere/python', quiet, never);
  await assert.rejects(attempt, InstallError);
  assert.deepEqual(await readdir(root), []);
});

test('a stop ends the program at once and leaves nothing', { skip: process.platform === 'win32' }, async () => {
  // A Python that takes its time: it answers the check and then makes no environment for long.
  const python = join(root, 'python');
  const script = '#!/bin/sh\ncase "$1" in -c) echo 3.12;; *) mkdir -p "$3"; sleep 60;; esac\n';
  await writeFile(python, script, { mode: 0o755 });
  let stop = () => {};
  const token = {
    isCancellationRequested: false,
    onCancellationRequested(listener: () => void) {
      stop = () => {
        token.isCancellationRequested = true;
        listener();
      };
      return { dispose() {} };
    },
  };
  const environments = new Environments(join(root, 'environments'));
  const attempt = install(nothing, environments, python, quiet, token);
  const rejected = assert.rejects(attempt, StoppedError);
  setTimeout(() => stop(), 500);
  await rejected;
  assert.deepEqual(await readdir(join(root, 'environments')), []);
});
