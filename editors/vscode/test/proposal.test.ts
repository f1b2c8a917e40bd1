import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkspaceEdit } from 'vscode-languageclient/node';
import { proposalOf, replaced } from '../src/proposal';

const place = { start: { line: 0, character: 0 }, end: { line: 0, character: 3 } };

function edit(needsConfirmation: boolean, ...uris: string[]): WorkspaceEdit {
  return {
    documentChanges: uris.map((uri) => ({
      textDocument: { uri, version: 1 },
      edits: [{ range: place, newText: 'new', annotationId: 'a' }],
    })),
    changeAnnotations: { a: { label: 'Simplify', needsConfirmation } },
  };
}

test('the server says what needs a look, unless the user does', () => {
  assert.equal(proposalOf(edit(true, 'file:///a.py'), 'rewrites')?.uri, 'file:///a.py');
  assert.equal(proposalOf(edit(false, 'file:///a.py'), 'rewrites'), undefined);
  assert.equal(proposalOf(edit(false, 'file:///a.py'), 'always')?.title, 'Simplify');
  assert.equal(proposalOf(edit(true, 'file:///a.py'), 'never'), undefined);
});

test('what was shown, or need not be, is not shown again by VS Code', () => {
  for (const preview of ['rewrites', 'never'] as const) {
    const marked = edit(true, 'file:///a.py');
    proposalOf(marked, preview);
    assert.equal(marked.changeAnnotations?.['a']?.needsConfirmation, false);
  }
});

test('several files are left to VS Code', () => {
  const marked = edit(true, 'file:///a.py', 'file:///b.py');
  assert.equal(proposalOf(marked, 'rewrites'), undefined);
  assert.equal(marked.changeAnnotations?.['a']?.needsConfirmation, true);
});

test('a new file is shown with its text', () => {
  const created = edit(true, 'file:///test_a.py');
  created.documentChanges?.unshift({ kind: 'create', uri: 'file:///test_a.py', annotationId: 'a' });
  const proposal = proposalOf(created, 'rewrites');
  assert.equal(proposal?.isNew, true);
  assert.equal(proposal?.edits.length, 1);
});

test('an edit without annotations is made at once', () => {
  assert.equal(proposalOf({ changes: {} }, 'rewrites'), undefined);
  assert.equal(proposalOf({ changes: {} }, 'always'), undefined);
});

test('replacements in any order', () => {
  const replacements = [
    { start: 0, end: 1, text: 'A' },
    { start: 4, end: 5, text: '' },
    { start: 2, end: 2, text: '+' },
    { start: 2, end: 2, text: '-' },
  ];
  assert.equal(replaced('abcde', replacements), 'Ab+-cd');
});
