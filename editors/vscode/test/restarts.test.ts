import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Restarts } from '../src/restarts';

test('a server that ends again and again is left alone', () => {
  const restarts = new Restarts();
  const answers = [0, 1, 2, 3, 4].map((second) => restarts.mayStartAgain(second * 1000));
  assert.deepEqual(answers, [true, true, true, true, false]);
});

test('what was long ago does not count', () => {
  const restarts = new Restarts();
  for (const minute of [0, 1, 2, 3, 4, 5, 6, 7]) {
    assert.equal(restarts.mayStartAgain(minute * 60_000), true);
  }
});

test('a start by hand begins anew', () => {
  const restarts = new Restarts();
  for (const second of [0, 1, 2, 3, 4]) {
    restarts.mayStartAgain(second);
  }
  restarts.forget();
  assert.equal(restarts.mayStartAgain(5), true);
});
