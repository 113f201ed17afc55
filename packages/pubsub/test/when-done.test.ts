import { describe, expect, it } from 'vitest';
import { dedupe, definePubSubAgent, type AnyPubSubAgent } from '../src/index.ts';
import { openBus, turn } from './bus.ts';

/** Refuses what comes while one message is being handled and another one waits. */
const narrow = (): {
  readonly agent: AnyPubSubAgent;
  readonly seen: unknown[];
  readonly open: () => void;
} => {
  const seen: unknown[] = [];
  let open!: () => void;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const agent = definePubSubAgent({
    name: 'narrow',
    subscriptions: ['out'],
    concurrency: 1,
    capacity: 1,
    overflow: 'error',
    async processMessage({ payload }) {
      await gate;
      seen.push(payload);
    },
  });
  return { agent, seen, open };
};

const RETRY = { attempts: 2, strategy: { type: 'linear', delay: 1 } } as const;

describe('a message whose outputs were refused', () => {
  it('is no duplicate when it is tried again, so that they are published then', async () => {
    const { agent, seen, open } = narrow();
    let calls = 0;
    const { bus, clock } = await openBus([
      agent,
      definePubSubAgent({
        name: 'writer',
        subscriptions: ['in'],
        retry: RETRY,
        middleware: [dedupe()],
        processMessage: (_, ctx) => {
          calls++;
          ctx.publish('out', 'result');
        },
      }),
    ]);
    for (const n of [1, 2]) await bus.publish('out', n);
    const running = bus.execute({ channel: 'in', message: null });
    await turn();
    expect(calls).toBe(1);
    open();
    const report = await clock.advanceUntil(running);
    expect(report.attempts.map(({ agent: who, status }) => `${who} ${status}`)).toEqual([
      'writer failed',
      'writer done',
      'narrow done',
    ]);
    expect(seen).toEqual([1, 2, 'result']);
    expect(calls).toBe(2);
  });

  it('and one of the same key that came meanwhile is handled in its place', async () => {
    const { agent, seen, open } = narrow();
    const { bus, clock } = await openBus([
      agent,
      definePubSubAgent<string>({
        name: 'writer',
        subscriptions: ['in'],
        retry: { attempts: 1 },
        middleware: [dedupe({ key: () => 'same' })],
        processMessage: async ({ payload }, ctx) => {
          if (payload === 'second') {
            open();
            await turn();
          }
          ctx.publish('out', payload);
        },
      }),
    ]);
    for (const n of [1, 2]) await bus.publish('out', n);
    for (const payload of ['first', 'second', 'third']) await bus.publish('in', payload);
    await clock.advanceUntil(bus.idle());
    expect(seen).toEqual([1, 2, 'second']);
  });
});

it('duplicates that wait for an attempt do not hide that nobody can make room for its outputs', async () => {
  const failures: unknown[] = [];
  const gates: (() => void)[] = [];
  const gate = (): Promise<void> => new Promise((open) => void gates.push(open));
  const agent = (name: string, other: string, concurrency: number): AnyPubSubAgent =>
    definePubSubAgent<string, string>({
      name,
      subscriptions: [name],
      concurrency,
      capacity: 1,
      retry: RETRY,
      middleware: [dedupe({ key: ({ payload }) => JSON.stringify(payload) })],
      processMessage: async ({ payload, hops }, ctx) => {
        if (payload === 'first' && ctx.attempt === 1) await gate();
        if (hops === 0) ctx.publish(other, 'answer');
      },
    });
  const { bus, clock } = await openBus([agent('left', 'right', 1), agent('right', 'left', 2)]);
  bus.events.subscribe((event) => {
    if (event.type === 'AttemptEnded' && event.attempt.status === 'failed')
      failures.push(event.attempt.error?.code);
  });
  // One is handled and one waits on the left; on the right one is handled, the same waits for it, and another one for a slot.
  for (const payload of ['first', 'second']) await bus.publish('left', payload);
  for (const payload of ['first', 'first', 'second']) await bus.publish('right', payload);
  for (const open of gates) {
    open();
    await turn();
  }
  await clock.advanceUntil(bus.idle());
  expect(failures).toContain('CHANNEL_DEADLOCK');
});

describe('whoever asks how an attempt ends', () => {
  it('hears it once, when its outputs are published or it has failed', async () => {
    const log: unknown[] = [];
    const { bus, clock } = await openBus([
      definePubSubAgent({
        name: 'a',
        subscriptions: ['in'],
        retry: RETRY,
        processMessage: (_, ctx) => {
          const { attempt } = ctx;
          ctx.whenDone((done) => log.push([attempt, done]));
          ctx.whenDone(() => {
            throw new Error('a mistake of a listener');
          });
          ctx.publish('out', attempt);
          if (attempt === 1) throw new Error('not yet');
          return turn().then(() => log.push('handled'));
        },
      }),
    ]);
    bus.channel('out').messages$.subscribe(({ payload }) => log.push(['published', payload]));
    const report = await clock.advanceUntil(bus.execute({ channel: 'in', message: null }));
    expect(log).toEqual([[1, false], 'handled', ['published', 2], [2, true]]);
    expect(report.success).toBe(true);
  });

  it('hears it of an attempt that was broken off, and at once of one that is over', async () => {
    const log: unknown[] = [];
    let late: Promise<unknown> | undefined;
    const { bus, clock } = await openBus([
      definePubSubAgent({
        name: 'a',
        subscriptions: ['in'],
        timeout: 1,
        retry: { attempts: 1 },
        processMessage: async (_, ctx) => {
          ctx.whenDone((done) => log.push(['asked before', done]));
          late = new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
            .then(turn)
            .then(() => ctx.whenDone((done) => log.push(['asked after', done])));
          await new Promise(() => {});
        },
      }),
    ]);
    await clock.advanceUntil(bus.execute({ channel: 'in', message: null }));
    await late;
    expect(log).toEqual([
      ['asked before', false],
      ['asked after', false],
    ]);
  });
});

it('what a handler waits for is handed on, also when its attempt is over by then', async () => {
  const log: unknown[] = [];
  let give!: (value: string) => void;
  const gift = new Promise<string>((resolve) => (give = resolve));
  let handled!: () => void;
  const after = new Promise<void>((resolve) => (handled = resolve));
  const { bus, clock } = await openBus([
    definePubSubAgent({
      name: 'a',
      subscriptions: ['in'],
      timeout: 1,
      retry: { attempts: 1 },
      processMessage: async (_, ctx) => {
        log.push(await ctx.waitFor(Promise.resolve('at once')));
        log.push(await ctx.waitFor(gift));
        log.push(await ctx.waitFor(gift));
        handled();
      },
    }),
  ]);
  const report = await clock.advanceUntil(bus.execute({ channel: 'in', message: null }));
  expect(report.error?.code).toBe('ATTEMPT_TIMEOUT');
  give('late');
  await after;
  expect(log).toEqual(['at once', 'late', 'late']);
  await bus.idle();
});

it('an attempt that was broken off while it waited for another one does not count as waiting for ever', async () => {
  const { bus, clock } = await openBus([
    definePubSubAgent({
      name: 'stuck',
      subscriptions: ['stuck'],
      timeout: 1,
      retry: { attempts: 1 },
      processMessage: (_, ctx) => ctx.waitFor(new Promise(() => {})),
    }),
    definePubSubAgent({
      name: 'writer',
      subscriptions: ['in'],
      processMessage: (_, ctx) => ctx.publish('out', 1),
    }),
    definePubSubAgent({
      name: 'slow',
      subscriptions: ['out'],
      concurrency: 1,
      capacity: 1,
      processMessage: () => new Promise(() => {}),
    }),
  ]);
  await clock.advanceUntil(bus.execute({ channel: 'stuck', message: null }));
  const ends: unknown[] = [];
  bus.events.subscribe((event) => {
    if (event.type === 'AttemptEnded') ends.push(event.attempt.error);
  });
  // One is being handled, one waits, and the third waits for room, which `slow` may make.
  for (let n = 0; n < 3; n++) await bus.publish('in', n);
  await turn();
  expect(ends).toEqual([null, null]);
});
