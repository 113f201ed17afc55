import { describe, expect, it } from 'vitest';
import { definePubSubAgent, type AnyPubSubAgent, type BusEvent } from '../src/index.ts';
import { openBus, turn } from './bus.ts';

const endless: AnyPubSubAgent = definePubSubAgent<number, number>({
  name: 'endless',
  subscriptions: ['loop'],
  receiveOwn: true,
  processMessage: ({ payload }, ctx) => ctx.publish('loop', payload + 1),
});

describe('a run', () => {
  it('ends when nothing is left to be done of what its message caused', async () => {
    const { bus, clock } = await openBus([
      definePubSubAgent<number, number>({
        name: 'split',
        subscriptions: ['in'],
        processMessage: ({ payload }, ctx) => {
          for (let n = 0; n < payload; n++) ctx.publish('part', n);
        },
      }),
      definePubSubAgent({
        name: 'part',
        subscriptions: ['part'],
        processMessage: () => new Promise<void>((resolve) => void clock.after(1_000, resolve)),
      }),
    ]);
    const report = await clock.advanceUntil(bus.execute({ channel: 'in', message: 40 }));
    expect(report).toMatchObject({
      success: true,
      stopped: null,
      error: null,
      messages: 41,
      attemptCount: 41,
    });
    // Sixteen at a time.
    expect(clock.elapsed).toBe(3_000);
    expect(report.durationMs).toBe(3_000);
  });

  it('of a message that nobody reads ends at once', async () => {
    const { bus } = await openBus([]);
    expect(await bus.execute({ channel: 'void', message: 1 })).toMatchObject({
      success: true,
      messages: 1,
    });
  });

  it('has ended as soon as its message is published, where nobody reads that', async () => {
    const ended: string[] = [];
    const { bus } = await openBus([]);
    bus.events.subscribe((event: BusEvent) => {
      if (event.type === 'TreeEnded') ended.push(event.report.correlationId);
    });
    const { id } = await bus.publish('nobody', 1);
    expect(ended).toEqual([id]);
    expect(bus.cancel(id)).toBe(false);
    expect(bus.report(id)).toMatchObject({ success: true, messages: 1 });
  });

  it('knows nothing of others that run at the same time', async () => {
    const { bus } = await openBus([
      definePubSubAgent<number, number>({
        name: 'a',
        subscriptions: ['in'],
        retry: { attempts: 1 },
        async processMessage({ payload }, ctx) {
          await turn();
          if (payload === 3) throw new Error('three');
          ctx.publish('out', payload);
        },
      }),
    ]);
    const reports = await Promise.all(
      [1, 2, 3, 4].map((message) => bus.execute({ channel: 'in', message })),
    );
    expect(reports.map(({ success, messages }) => [success, messages])).toEqual([
      [true, 2],
      [true, 2],
      [false, 2],
      [true, 2],
    ]);
  });

  it.each([
    ['max_messages', { maxMessages: 50 }, 50],
    ['max_hops', { maxHops: 20 }, 21],
  ] as const)('is stopped by %s, with a report', async (reason, limits, messages) => {
    const { bus } = await openBus([endless], { limits });
    const events: BusEvent[] = [];
    bus.events.subscribe((event: BusEvent) => void events.push(event));
    const report = await bus.execute({ channel: 'loop', message: 0 });
    expect(report).toMatchObject({ success: false, stopped: reason, messages });
    expect(events.filter(({ type }) => type === 'TreeStopped')).toEqual([
      { type: 'TreeStopped', correlationId: report.correlationId, reason },
    ]);
  });

  it('is stopped by tokens', async () => {
    const { bus } = await openBus([
      definePubSubAgent<number, number>({
        name: 'thinker',
        subscriptions: ['think'],
        receiveOwn: true,
        async processMessage({ payload }, ctx) {
          ctx.useTokens(30);
          await turn();
          ctx.publish('think', payload + 1);
        },
      }),
    ]);
    const report = await bus.execute(
      { channel: 'think', message: 0 },
      { limits: { maxTokens: 100 } },
    );
    expect(report).toMatchObject({ success: false, stopped: 'max_tokens', tokens: 120 });
  });

  it('is stopped by its time, although a handler never ends', async () => {
    const { bus, clock } = await openBus([
      { name: 'stuck', subscriptions: ['in'], processMessage: () => new Promise(() => {}) },
    ]);
    const report = await clock.advanceUntil(
      bus.execute({ channel: 'in', message: 1 }, { limits: { timeout: 60 } }),
    );
    expect(report).toMatchObject({
      success: false,
      stopped: 'timeout',
      error: { code: 'TREE_TIMEOUT' },
    });
    expect(clock.elapsed).toBe(60_000);
  });

  it('is cancelled by its signal, or by its id', async () => {
    let aborted = 0;
    const { bus } = await openBus([
      {
        name: 'stuck',
        subscriptions: ['in'],
        processMessage: (_: unknown, ctx: { readonly signal: AbortSignal }) => {
          ctx.signal.addEventListener('abort', () => aborted++);
          return new Promise(() => {});
        },
      },
    ]);
    const controller = new AbortController();
    const one = bus.execute({ channel: 'in', message: 1 }, { signal: controller.signal });
    await turn();
    controller.abort();
    expect(await one).toMatchObject({ success: false, stopped: 'cancelled' });
    const message = await bus.publish('in', 2);
    await turn();
    expect(bus.cancel(message.id)).toBe(true);
    await bus.idle();
    expect(bus.report(message.id)).toMatchObject({ stopped: 'cancelled' });
    expect(bus.cancel(message.id)).toBe(false);
    expect(aborted).toBe(2);
    const gone = AbortSignal.abort();
    expect(await bus.execute({ channel: 'in', message: 1 }, { signal: gone })).toMatchObject({
      stopped: 'cancelled',
      attemptCount: 0,
    });
  });

  it('stopped takes no other with it', async () => {
    const { bus } = await openBus([
      endless,
      definePubSubAgent({
        name: 'calm',
        subscriptions: ['calm'],
        async processMessage() {
          await turn();
        },
      }),
    ]);
    const [loop, calm] = await Promise.all([
      bus.execute({ channel: 'loop', message: 0 }, { limits: { maxMessages: 10 } }),
      bus.execute({ channel: 'calm', message: 0 }),
    ]);
    expect([loop.stopped, calm.stopped]).toEqual(['max_messages', null]);
  });

  it.each<[object, string]>([
    [{ maxMessages: 0 }, 'limits.maxMessages must be a whole number of at least 1, not 0'],
    [{ timeout: '1' }, 'limits.timeout must be a number of seconds'],
    [{ maxMesages: 5 }, 'limits.maxMesages is not a limit'],
  ])('with wrong limits %j is refused', async (limits, reason) => {
    await expect(openBus([], { limits })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(reason) as string,
    });
  });
});

describe('the trace', () => {
  it('has every message with its cause, and what was done with it', async () => {
    const { bus } = await openBus([
      definePubSubAgent<number, number>({
        name: 'a',
        subscriptions: ['in'],
        async processMessage({ payload }, ctx) {
          await turn();
          ctx.publish('out', payload * 2);
        },
      }),
      { name: 'b', subscriptions: ['out'], processMessage: () => {} },
    ]);
    // Several at a time, so that no clock tells who caused whom.
    const reports = await Promise.all(
      [1, 2, 3].map((message) => bus.execute({ channel: 'in', message })),
    );
    for (const [i, { correlationId }] of reports.entries()) {
      const entries = await bus.trace(correlationId);
      expect(entries.map(({ message }) => [message.channel, message.payload])).toEqual([
        ['in', i + 1],
        ['out', (i + 1) * 2],
      ]);
      expect(entries[1]?.message.causationId).toBe(correlationId);
      expect(
        entries.map(({ attempts }) => attempts.map(({ agent, status }) => [agent, status])),
      ).toEqual([[['a', 'done']], [['b', 'done']]]);
    }
  });

  it('keeps so many messages, and forgets the oldest trees first', async () => {
    const { bus } = await openBus(
      [{ name: 'a', subscriptions: ['in'], processMessage: () => {} }],
      { trace: 3 },
    );
    const ids: string[] = [];
    for (let n = 0; n < 5; n++)
      ids.push((await bus.execute({ channel: 'in', message: n })).correlationId);
    const traces = await Promise.all(ids.map((id) => bus.trace(id)));
    expect(traces.map((entries) => entries.length)).toEqual([0, 0, 1, 1, 1]);
  });
});

describe('a bus that is closed', () => {
  it('has handled what was published, and takes nothing more', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([
      definePubSubAgent({
        name: 'a',
        subscriptions: ['in'],
        async processMessage({ payload }) {
          await turn();
          seen.push(payload);
        },
      }),
    ]);
    for (let n = 0; n < 50; n++) await bus.publish('in', n);
    await Promise.all([bus.close(), bus.close()]);
    expect(seen).toHaveLength(50);
    await expect(bus.publish('in', 1)).rejects.toMatchObject({ code: 'BUS_CLOSED' });
    await expect(bus.execute({ channel: 'in', message: 1 })).rejects.toMatchObject({
      code: 'BUS_CLOSED',
    });
  });

  it('waits for nobody for ever', async () => {
    const { bus, clock } = await openBus([
      { name: 'stuck', subscriptions: ['in'], processMessage: () => new Promise(() => {}) },
    ]);
    const running = bus.execute({ channel: 'in', message: 1 });
    await turn();
    await clock.advanceUntil(bus.close({ drainSeconds: 5 }));
    expect(clock.elapsed).toBe(5_000);
    expect(await running).toMatchObject({ stopped: 'closed', success: false });
  });
});

describe('a bus that keeps no trace', () => {
  it('comes to its end all the same, and cancels what waits without having begun', async () => {
    const handled: number[] = [];
    const ends: (() => void)[] = [];
    const { bus } = await openBus(
      [
        definePubSubAgent<number>({
          name: 'slow',
          subscriptions: ['work'],
          concurrency: 1,
          processMessage: ({ payload }) => {
            handled.push(payload);
            return new Promise<void>((resolve) => ends.push(resolve));
          },
        }),
      ],
      { trace: false },
    );
    await bus.publish('work', 1);
    const waiting = await bus.publish('work', 2);
    await bus.publish('work', 3);
    expect(bus.cancel(waiting.id)).toBe(true);
    expect(bus.report(waiting.id)).toMatchObject({ stopped: 'cancelled', messages: 1 });
    const idle = bus.idle();
    for (const _ of [1, 3]) {
      ends.shift()?.();
      await turn();
    }
    await idle;
    expect(handled).toEqual([1, 3]);
    expect(bus.cancel(waiting.id)).toBe(false);
    expect(await bus.trace(waiting.id)).toEqual([]);
  });

  it('counts the tree of a message that is handled by several, from the first that begins', async () => {
    const ends: (() => void)[] = [];
    const agent = (name: string): AnyPubSubAgent =>
      definePubSubAgent({
        name,
        subscriptions: ['work'],
        concurrency: 1,
        processMessage: () => new Promise<void>((resolve) => ends.push(resolve)),
      });
    const { bus } = await openBus([agent('one'), agent('other')], { trace: false });
    const first = await bus.publish('work', 1);
    const second = await bus.publish('work', 2);
    ends.shift()?.();
    await turn();
    expect(bus.report(first.id)).toBeDefined();
    ends.shift()?.();
    await turn();
    expect(bus.report(first.id)).toBeUndefined();
    expect(bus.report(second.id)).toBeDefined();
    for (const end of ends.splice(0)) end();
    await bus.idle();
    expect(bus.report(second.id)).toBeUndefined();
  });

  it('cancels what is being handled, in all groups, although nobody had asked for its tree', async () => {
    const reasons: unknown[] = [];
    const agent = (name: string): AnyPubSubAgent =>
      definePubSubAgent({
        name,
        subscriptions: ['work'],
        processMessage: (_, { signal }) =>
          new Promise<void>((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reasons.push((signal.reason as Error).message);
              reject(signal.reason as Error);
            });
          }),
      });
    const { bus } = await openBus([agent('one'), agent('other')], { trace: false });
    const { id } = await bus.publish('work', 1);
    const other = await bus.publish('work', 2);
    expect(bus.cancel(id)).toBe(true);
    expect(reasons).toEqual(['cancelled', 'cancelled']);
    expect(bus.report(other.id)).toMatchObject({ stopped: null });
    await turn();
    expect(bus.report(id)).toBeUndefined();
    await bus.close({ drainSeconds: 0 });
    expect(reasons).toHaveLength(4);
  });

  it('ends when one group publishes, another one fails, and a third is done at once', async () => {
    const seen: unknown[] = [];
    const { bus, clock } = await openBus(
      [
        definePubSubAgent<number, number>({
          name: 'publishes',
          subscriptions: ['work'],
          processMessage: ({ payload }, ctx) => ctx.publish('more', payload + 1),
        }),
        definePubSubAgent({
          name: 'fails',
          subscriptions: ['work'],
          retry: { attempts: 2 },
          processMessage: () => {
            throw new Error('no');
          },
        }),
        definePubSubAgent({ name: 'done', subscriptions: ['work'], processMessage: () => {} }),
        definePubSubAgent({
          name: 'reader',
          subscriptions: ['more', 'dead.>'],
          processMessage: ({ channel }) => void seen.push(channel),
        }),
      ],
      { trace: false },
    );
    const { id } = await bus.publish('work', 1);
    await turn();
    expect(bus.report(id)).toMatchObject({ messages: 2 });
    await clock.advanceUntil(bus.idle());
    expect(seen).toEqual(['more', 'dead.work']);
    expect(bus.report(id)).toBeUndefined();
  });

  it('tries again what could not be published, without losing count', async () => {
    let tried = 0;
    const { bus, clock } = await openBus(
      [
        definePubSubAgent<number, number>({
          name: 'publishes',
          subscriptions: ['work'],
          processMessage: ({ payload }, ctx) => {
            tried++;
            ctx.publish('full', payload);
          },
        }),
        definePubSubAgent({
          name: 'full',
          subscriptions: ['full'],
          concurrency: 1,
          capacity: 1,
          overflow: 'error',
          processMessage: () => new Promise<void>((resolve) => void clock.after(500, resolve)),
        }),
      ],
      { trace: false },
    );
    for (const n of [1, 2, 3, 4]) await bus.publish('work', n);
    await clock.advanceUntil(bus.idle());
    expect(tried).toBeGreaterThan(4);
    expect(bus.listChannels().find(({ name }) => name === 'full')?.published).toBe(4);
  });
});
