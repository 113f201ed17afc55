import { sqlite } from '@dagger/sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { definePubSubAgent, StorageTransport, type AnyPubSubAgent } from '../src/index.ts';
import { openBus } from './bus.ts';

const reader = (seen: unknown[]): AnyPubSubAgent =>
  definePubSubAgent({
    name: 'reader',
    subscriptions: ['feed'],
    processMessage: ({ id, correlationId, payload }) =>
      void seen.push([id, correlationId, payload]),
  });

describe('a message with an id of its own', () => {
  it('has it, and is the first of the tree of that name', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([reader(seen)]);
    const { id } = await bus.publish('feed', 1, { id: 'entry 7/é' });
    expect(id).toBe('entry 7/é');
    const report = await bus.execute({ channel: 'feed', message: 2, id: 'entry 8' });
    expect(report.correlationId).toBe('entry 8');
    await bus.channel('feed').publish(3, { id: 'entry 9' });
    await bus.idle();
    expect(seen).toEqual([
      ['entry 7/é', 'entry 7/é', 1],
      ['entry 8', 'entry 8', 2],
      ['entry 9', 'entry 9', 3],
    ]);
  });

  it('is one message in a database, however often it is published', async () => {
    const seen: unknown[] = [];
    const storage = sqlite(':memory:');
    onTestFinished(() => storage.close());
    const transport = await StorageTransport.open({ storage });
    const { bus } = await openBus([reader(seen)], { transport, clock: undefined });
    for (const payload of [1, 2]) await bus.publish('feed', payload, { id: 'entry' });
    const again = await bus.execute({ channel: 'feed', message: 3, id: 'entry' });
    expect(again.success).toBe(true);
    await bus.idle();
    expect(seen).toEqual([['entry', 'entry', 1]]);
    expect(await transport.messages()).toHaveLength(1);
  });

  it('is another one each time in memory', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([reader(seen)]);
    for (const payload of [1, 2]) await bus.publish('feed', payload, { id: 'entry' });
    await bus.idle();
    expect(seen).toEqual([
      ['entry', 'entry', 1],
      ['entry', 'entry', 2],
    ]);
  });

  it.each<[unknown, string]>([
    ['', 'not an empty string'],
    ['a\nb', 'without control characters'],
    ['\u0000', 'without control characters'],
    ['\ud800', 'without control characters'],
    ['x'.repeat(201), 'of 1 to 200 characters'],
    [7, 'not 7'],
    [null, 'not null'],
  ])('is refused where that is %j', async (id, reason) => {
    const { bus } = await openBus([]);
    await expect(bus.publish('feed', 1, { id: id as string })).rejects.toMatchObject({
      code: 'MESSAGE_INVALID',
      message: expect.stringContaining(reason) as string,
    });
  });
});
