import { expect, it, vi } from 'vitest';
import { PrivateContext } from './attempt.fixture.ts';
import { withContext } from './around.ts';

it('a context around one with private fields answers like it', async () => {
  const ctx = new PrivateContext();
  const outer = withContext(ctx, {});
  expect(outer.agent).toBe('writer');
  expect(outer.attempt).toBe(1);
  expect(outer.signal).toBe(ctx.signal);
  expect(outer.log).toBe(ctx.log);
  expect(outer.appData).toBe(ctx.appData);
  outer.publish('done', 1, { key: 'k' });
  outer.useTokens(3);
  expect(ctx.published).toEqual([{ channel: 'done', payload: 1, options: { key: 'k' } }]);
  expect(ctx.tokens).toBe(3);
  const ends: boolean[] = [];
  outer.whenDone((done) => ends.push(done));
  ctx.end(true);
  expect(ends).toEqual([true]);
  const waitFor = vi.spyOn(ctx, 'waitFor');
  expect(await outer.waitFor(Promise.resolve(4))).toBe(4);
  expect(waitFor).toHaveBeenCalledOnce();
});

it('a context answers with the parts that were given, and asks for the others when it is asked', () => {
  const ctx = new PrivateContext();
  const signalOf = vi.spyOn(ctx, 'signal', 'get');
  const { signal } = new AbortController();
  const publish = vi.fn<() => void>();
  const outer = withContext(withContext(ctx, { signal }), { publish });
  expect(outer.signal).toBe(signal);
  outer.publish('done', 1);
  expect(publish).toHaveBeenCalledWith('done', 1);
  expect(ctx.published).toEqual([]);
  expect(signalOf).not.toHaveBeenCalled();
});
