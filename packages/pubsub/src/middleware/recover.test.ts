import { describe, expect, it, vi } from 'vitest';
import { around, message, PrivateContext } from './attempt.fixture.ts';
import type { Handler } from './middleware.ts';
import { recover, type Recovery } from './recover.ts';

const failure = new Error('no');
const failing: readonly [string, Handler][] = [
  [
    'is thrown',
    () => {
      throw failure;
    },
  ],
  ['rejects', () => Promise.reject(failure)],
];

describe.each(failing)('an error that %s', (_how, handler) => {
  it('is given to the function, with the message and the context, and the attempt ends well', async () => {
    const recovery = vi.fn<Recovery>(() => 'recovered');
    const ctx = new PrivateContext();
    expect(await around(recover(recovery), handler)({ id: '7' }, ctx)).toBe('recovered');
    expect(recovery.mock.calls).toEqual([[failure, message({ id: '7' }), ctx]]);
  });

  it('is followed by what the function throws, at once or later', async () => {
    const rethrow = recover((error) => {
      throw error;
    });
    await expect(around(rethrow, handler)()).rejects.toBe(failure);
    const worse = recover(() => Promise.reject(new Error('worse')));
    await expect(around(worse, handler)()).rejects.toThrow('worse');
  });
});

it('a handler that ends well is left alone', async () => {
  const recovery = vi.fn<Recovery>();
  expect(await around(recover(recovery), () => Promise.resolve('fine'))()).toBe('fine');
  expect(recovery).not.toHaveBeenCalled();
});
