import { describe, expect, it } from 'vitest';
import type { OutgoingOptions } from '../agent/context.ts';
import type { Headers } from '../message/message.ts';
import { around, PrivateContext } from './attempt.fixture.ts';
import { correlation, type CorrelationOptions } from './correlation.ts';

/** What a message is published with, by a handler that publishes with `how` while it handles one with `headers`. */
const published = async (
  headers: Headers,
  how?: OutgoingOptions,
  options?: CorrelationOptions,
): Promise<OutgoingOptions | undefined> => {
  const ctx = new PrivateContext();
  const handle = around(correlation(options), (_message, inner) => {
    inner.publish('done', { n: 1 }, how);
  });
  await handle({ headers }, ctx);
  expect(ctx.published).toMatchObject([{ channel: 'done', payload: { n: 1 } }]);
  return ctx.published[0]?.options;
};

describe('the header of a message', () => {
  it('is copied to what its handler publishes, beside what that has', async () => {
    const own = { 'correlation-id': 'c1', other: 'stays' };
    expect(await published(own)).toEqual({ headers: { 'correlation-id': 'c1' } });
    expect(await published(own, { key: 'k', headers: { more: 'm' } })).toEqual({
      key: 'k',
      headers: { 'correlation-id': 'c1', more: 'm' },
    });
  });

  it('is not copied over one that is there', async () => {
    expect(
      await published({ 'correlation-id': 'c1' }, { headers: { 'correlation-id': 'own' } }),
    ).toEqual({ headers: { 'correlation-id': 'own' } });
  });

  it('may have another name, any at all', async () => {
    const headers = { 'correlation-id': 'c1', 'x-request': 'r1' };
    expect(await published(headers, undefined, { header: 'x-request' })).toEqual({
      headers: { 'x-request': 'r1' },
    });
    const options = await published(JSON.parse('{"__proto__":"p1"}') as Headers, undefined, {
      header: '__proto__',
    });
    expect(JSON.stringify(options)).toBe('{"headers":{"__proto__":"p1"}}');
  });

  it('is nothing where the message has none', async () => {
    expect(await published({ other: 'o' })).toBeUndefined();
    expect(await published({}, undefined, { header: 'toString' })).toBeUndefined();
  });
});
