import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noStatus, shortName, type State, statusText } from '../src/status-text';

const ready = {
  state: 'ready' as State,
  message: 'Ready.',
  model: 'qwen2.5-coder-0.5b',
  backend: 'llama.cpp',
  speed: '24 tok/s · 310 ms',
};

test('a ready server shows its model and its speed', () => {
  const { text, tooltip, label, warns } = statusText(ready);
  assert.equal(text, '$(sparkle) qwen2.5-coder-0.5b · 24 tok/s');
  assert.match(tooltip, /Model: qwen2.5-coder-0.5b, llama.cpp/);
  assert.match(tooltip, /Speed: 24 tok\/s · 310 ms/);
  assert.equal(label, 'Qwen LSP: ready, qwen2.5-coder-0.5b, 24 tok/s · 310 ms, Ready.');
  assert.equal(warns, false);
});

test('a server that gets the code is named', () => {
  const { tooltip, label } = statusText({ ...ready, endpoint: 'https://a.example (vLLM 0.32.0)' });
  assert.match(tooltip, /Code goes to: https:\/\/a\.example \(vLLM 0\.32\.0\)/);
  assert.match(label, /code goes to https:\/\/a\.example/);
  assert.doesNotMatch(statusText(ready).tooltip, /Code goes to/);
});

test('a speed that is not known leaves no trace', () => {
  const { text, tooltip } = statusText({ ...ready, speed: '' });
  assert.equal(text, '$(sparkle) qwen2.5-coder-0.5b');
  assert.doesNotMatch(tooltip, /Speed/);
});

test('how much of a model is there can be seen', () => {
  const message = 'Downloading qwen2.5-coder-0.5b: 34%.';
  assert.equal(
    statusText({ ...ready, state: 'downloading', message }).text,
    '$(cloud-download) qwen2.5-coder-0.5b 34%',
  );
});

test('an error is marked and says what it is', () => {
  const { text, tooltip, warns } = statusText({ ...ready, state: 'error', message: 'No memory.' });
  assert.equal(text, '$(warning) Qwen needs attention');
  assert.match(tooltip, /No memory\./);
  assert.equal(warns, true);
});

test('a language that is off says so, but not instead of trouble', () => {
  const language = { name: 'Python', enabled: false };
  assert.equal(
    statusText(ready, language).text,
    '$(circle-slash) qwen2.5-coder-0.5b · off for Python',
  );
  assert.equal(statusText({ ...ready, state: 'paused' }, language).text, '$(debug-pause) Qwen paused');
});

test('every state has words of its own', () => {
  const states: State[] = ['starting', 'loading', 'ready', 'busy', 'paused', 'error', 'stopped'];
  const labels = states.map((state) => statusText(noStatus(state)).label);
  assert.equal(new Set(labels).size, states.length);
});

test("a model's file is called by its model", () => {
  assert.equal(shortName('C:\\models\\my-model-1b-q4_k_m.gguf'), 'my-model-1b');
  assert.equal(shortName('/models/a/qwen3-Q8_0.gguf'), 'qwen3');
  assert.equal(shortName(''), 'Qwen');
});
