import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enabledForServer, section } from '../src/section';

test('only what is set is sent, as a tree', () => {
  const settings = [
    { key: 'model', value: 'qwen3.5-4b' },
    { key: 'review.onSave', value: undefined },
    { key: 'review.language', value: 'German' },
    { key: 'review.minSeverity', value: 'warning' },
  ];
  assert.deepEqual(section(settings, true), {
    model: 'qwen3.5-4b',
    review: { language: 'German', minSeverity: 'warning' },
  });
});

test('nothing set is an empty section, so that the workspace may speak', () => {
  assert.deepEqual(section([{ key: 'engine.threads', value: undefined }], true), {});
});

test('in a folder without trust nothing of it is run, whatever is set', () => {
  const settings = [
    { key: 'checks.workspaceTools', value: 'all' },
    { key: 'review.runExamples', value: true },
  ];
  assert.deepEqual(section(settings, false), {
    checks: { workspaceTools: 'off' },
    review: { runExamples: false },
  });
});

test('one language that is on keeps the server on', () => {
  assert.equal(enabledForServer(undefined, []), undefined);
  assert.equal(enabledForServer(undefined, [false]), undefined);
  assert.equal(enabledForServer(false, []), false);
  assert.equal(enabledForServer(false, [true]), true);
  assert.equal(enabledForServer(true, [false]), true);
});
