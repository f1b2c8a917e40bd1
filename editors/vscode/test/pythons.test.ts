import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidates, findPython, isUsable } from '../src/pythons';

test('a Python that the user names is the only one', () => {
  assert.deepEqual(candidates('/opt/py/bin/python3', 'linux'), [
    { command: '/opt/py/bin/python3', args: [] },
  ]);
});

test('Windows asks its launcher first', () => {
  const found = candidates('', 'win32').map(({ command, args }) => [command, ...args].join(' '));
  assert.equal(found[0], 'py -3.13');
  assert.equal(found.at(-1), 'python');
  assert.ok(found.includes('py -3'));
});

test('elsewhere the names with a version come before those without', () => {
  const found = candidates('', 'darwin').map(({ command }) => command);
  assert.ok(found.indexOf('python3.11') < found.indexOf('python3'));
  assert.ok(!found.includes('py'));
});

test('3.11 to 3.14 can be used', () => {
  assert.deepEqual(
    ['3.10', '3.11', '3.14', '3.15', '2.7', '', 'Python was not found'].map(isUsable),
    [false, true, true, false, false, false, false],
  );
});

test('a Python that is not there is none, and the log says so', async () => {
  const log: string[] = [];
  assert.equal(await findPython('/nowhere/python3', (line) => log.push(line)), undefined);
  assert.deepEqual(log, ['/nowhere/python3 is not there.']);
});
