import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pipFailure, pipStep } from '../src/pip-output';

test('what pip does, in words', () => {
  const lines = [
    'Collecting numpy==2.4.6 (from -r requirements.txt (line 1))',
    '  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.6 MB)',
    '  Building wheel for llama-cpp-python (pyproject.toml): started',
    '  Building wheel for llama-cpp-python (pyproject.toml): finished with status \'done\'',
    'Installing collected packages: numpy, rich',
    'Requirement already satisfied: pip',
  ];
  assert.deepEqual(lines.map(pipStep), [
    'Fetching numpy',
    'Downloading numpy (16.6 MB)',
    'Compiling llama.cpp, which takes 5 to 10 minutes',
    undefined,
    'Putting the packages in place',
    undefined,
  ]);
});

test('a missing compiler is named', () => {
  const lines = ['CMake Error: CMAKE_C_COMPILER not set', 'ERROR: Failed building wheel for llama-cpp-python'];
  assert.match(pipFailure(lines), /C and C\+\+ compiler is needed/);
});

test('no network is named', () => {
  const lines = ["NewConnectionError('Failed to establish a new connection')", 'ERROR: No matching distribution'];
  assert.match(pipFailure(lines), /could not be reached/);
});

test("else pip's own last error, or that there is none", () => {
  assert.equal(pipFailure(['ERROR: one', 'ERROR: Hashes do not match.', 'note']), 'Hashes do not match.');
  assert.match(pipFailure([]), /without a word/);
});
