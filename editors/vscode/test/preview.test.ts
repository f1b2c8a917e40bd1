import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyPreview } from '../src/preview';

function edit(needsConfirmation: boolean) {
  return { changeAnnotations: { 'qwen-lsp': { label: 'Simplify', needsConfirmation } } };
}

function confirmed(preview: 'rewrites' | 'always' | 'never', marked: boolean): boolean {
  const changed = edit(marked);
  applyPreview(changed, preview);
  return changed.changeAnnotations['qwen-lsp'].needsConfirmation;
}

test('the server says what needs a look, unless the user does', () => {
  assert.equal(confirmed('rewrites', true), true);
  assert.equal(confirmed('rewrites', false), false);
  assert.equal(confirmed('always', false), true);
  assert.equal(confirmed('never', true), false);
});

test('an edit without annotations, and none at all, stay as they are', () => {
  applyPreview({ changes: {} }, 'always');
  applyPreview(undefined, 'always');
});
