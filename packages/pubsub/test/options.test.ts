import { describe, expect, it } from 'vitest';
import {
  definePubSubAgent,
  MemoryTransport,
  PubSubExecutor,
  type BusEvent,
  type PubSubOptions,
} from '../src/index.ts';
import { openBus, turn } from './bus.ts';

const SECONDS = 'a number of seconds above 0 and at most 315360000';
const START = `'new', 'start', { offset } with a whole number of at least 0, or { time } with milliseconds since the Unix epoch`;

describe('an option of a bus that is wrong is refused by its name, its value and its bound', () => {
  it.each<[unknown, string]>([
    [null, 'its options must be a map, not null'],
    [[], 'its options must be a map, not a list'],
    [{ agent: [] }, "there is no option 'agent'; did you mean 'agents'?"],
    [{ storage: 'x' }, "there is no option 'storage'"],
    [{ agents: {} }, 'agents must be a list of agents, not a map'],
    [{ timeout: 0 }, `timeout must be ${SECONDS}, not 0`],
    [{ timeout: '5' }, `timeout must be ${SECONDS}, not '5'`],
    [{ timeout: Infinity }, `timeout must be ${SECONDS}, not Infinity`],
    [{ retry: 3 }, 'retry must be a map, not 3'],
    [{ retry: { attempt: 3 } }, "there is no option 'retry.attempt'; did you mean 'attempts'?"],
    [{ retry: { attempts: 0 } }, 'retry.attempts must be a whole number of at least 1, not 0'],
    [
      { retry: { strategy: { type: 'linear', delay: -1 } } },
      'retry.strategy must be a strategy whose delay is a number from 0 to 86,400, not a map',
    ],
    [
      { retry: { retryOn: 'STORAGE_FAILED' } },
      "retry.retryOn must be a function, or a list of codes or names of errors, not 'STORAGE_FAILED'",
    ],
    [{ channels: [] }, 'channels must be a map, not a list'],
    [{ channels: { a: true } }, "channels['a'] must be a map, not true"],
    [
      { channels: { a: { reveiw: {} } } },
      "there is no option 'channels['a'].reveiw'; did you mean 'review'?",
    ],
    [{ channels: { a: { review: true } } }, "channels['a'].review must be a map, not true"],
    [
      { channels: { a: { review: { waitSeconds: 1 } } } },
      "there is no option 'channels['a'].review.waitSeconds'",
    ],
    [
      { channels: { 'a.>': { review: { wait: -1 } } } },
      "channels['a.>'].review.wait must be a number of seconds from 0 to 315360000, not -1",
    ],
    [
      { channels: { a: { review: { onTimeout: 'approve' } } } },
      "channels['a'].review.onTimeout must be autopilot or pause, not 'approve'",
    ],
    [{ from: 'begin' }, `from must be ${START}, not 'begin'`],
    [{ from: { offset: -1 } }, `from must be ${START}, not a map`],
    [{ from: { time: NaN } }, `from must be ${START}, not a map`],
    [{ from: { offset: 1, time: 1 } }, `from must be ${START}, not a map`],
    [{ middleware: () => {} }, 'middleware must be a list of functions, not a function'],
    [{ middleware: [{}] }, 'middleware must be a list of functions, not a list'],
    [{ trace: -1 }, 'trace must be a whole number of messages of at least 0, or false, not -1'],
    [{ trace: true }, 'trace must be a whole number of messages of at least 0, or false, not true'],
    [{ limits: 5 }, 'limits must be a map, not 5'],
    [
      { transport: 'sqlite:x.db' },
      "transport must be a transport, with features, publish, subscribe and close, not 'sqlite:x.db'",
    ],
    [{ transport: {} }, 'not a map'],
    [{ clock: Date }, 'clock must be a clock, with now() and after(), not a function'],
    [{ ids: { runId: () => 'x' } }, 'ids must be a source of ids, with runId() and random()'],
    [{ logger: console }, 'logger must be a function, not a map'],
    [{ onEvent: {} }, 'onEvent must be a function, not a map'],
  ])('%j', async (options, reason) => {
    await expect(PubSubExecutor.open(options as PubSubOptions)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(reason) as string,
    });
  });

  it('and the pattern of a channel by what is wrong with it', async () => {
    await expect(openBus([], { channels: { 'a..b': {} } })).rejects.toMatchObject({
      code: 'CHANNEL_INVALID',
    });
  });

  it('and one that is undefined is one that is absent', async () => {
    const absent = Object.fromEntries(
      ['agents', 'channels', 'limits', 'retry', 'timeout', 'middleware', 'transport', 'from']
        .concat('trace', 'onEvent', 'appData', 'clock', 'ids', 'logger')
        .map((name) => [name, undefined]),
    );
    const bus = await PubSubExecutor.open(absent);
    expect(bus.listAgents()).toEqual([]);
    await bus.close();
  });
});

describe('a field of an agent that is wrong is refused by its name, its value and its bound', () => {
  const base = { name: 'a', subscriptions: ['x'], processMessage: () => {} };
  it.each<[object, string]>([
    [{ proccessMessage: 1 }, "unknown key 'proccessMessage'; did you mean 'processMessage'?"],
    [{ concurrency: 1.5 }, 'concurrency must be a whole number of at least 1, not 1.5'],
    [{ capacity: '9' }, "capacity must be a whole number of at least 1, not '9'"],
    [
      { overflow: 'spill' },
      "overflow must be one of block, dropOldest, dropNewest, error, not 'spill'",
    ],
    [{ timeout: 0 }, 'timeout must be a number of seconds above 0, not 0'],
    [{ orderBy: 'key' }, "orderBy must be a function, not 'key'"],
    [{ receiveOwn: 1 }, 'receiveOwn must be true or false, not 1'],
    [{ description: 7 }, 'description must be a text, not 7'],
    [{ input: 'string' }, "input must be a JSON Schema or a Standard Schema, not 'string'"],
    [{ output: [] }, 'output must be a JSON Schema or a Standard Schema, not a list'],
    [{ middleware: [1] }, 'middleware must be a list of functions, not a list'],
    [{ retry: [] }, 'retry must be a map, not a list'],
    [{ retry: { attempts: 1.5 } }, 'retry.attempts must be a whole number of at least 1, not 1.5'],
    [{ retry: { max: 3 } }, "there is no option 'retry.max'"],
    [{ retry: { retryOn: [7] } }, 'retry.retryOn must be a function, or a list'],
    [{ retry: { strategy: 'sometimes' } }, 'retry.strategy must be'],
  ])('%j', (fields, reason) => {
    expect(() => definePubSubAgent({ ...base, ...fields })).toThrow(
      expect.objectContaining({
        code: 'AGENT_INVALID',
        message: expect.stringContaining(`agent 'a': ${reason}`) as string,
      }) as Error,
    );
  });
});

it('a strategy may be written in each of its forms', async () => {
  const { bus, clock } = await openBus(
    ['immediate', { linear: { delay_secs: 0 } }, { type: 'exponential' }].map((strategy, i) => ({
      name: `a${i}`,
      subscriptions: ['work'],
      retry: { attempts: 2, strategy: strategy as never },
      processMessage: (_: never, ctx: { readonly attempt: number }) => {
        if (ctx.attempt === 1) throw new Error('not yet');
      },
    })),
  );
  const { attempts, success } = await clock.advanceUntil(
    bus.execute({ channel: 'work', message: 1 }),
  );
  expect(success).toBe(true);
  const delays = ['a0', 'a1', 'a2'].map((name) => {
    const [first, second] = attempts.filter(({ agent }) => agent === name);
    return (second?.startedAt ?? Number.NaN) - (first?.startedAt ?? 0);
  });
  expect(delays.slice(0, 2)).toEqual([0, 0]);
  expect(delays[2]).toBeGreaterThanOrEqual(1_000);
});

it('who is named when a bus is opened hears of what happens before the agents have joined', async () => {
  const transport = new MemoryTransport();
  const work = { id: 'm1', channel: 'work', source: null, time: 0, payload: 1, headers: {} };
  const rest = { causationId: null, correlationId: 'm1', hops: 0, key: null, traceparent: null };
  const agent = definePubSubAgent({
    name: 'a',
    subscriptions: ['work'],
    processMessage: () => {},
  });
  // What waits on a durable transport is delivered as soon as somebody joins.
  const subscribe = transport.subscribe.bind(transport);
  transport.subscribe = async (options, deliver) => {
    const subscription = await subscribe(options, deliver);
    await transport.publish([{ ...work, ...rest }]);
    await turn();
    return subscription;
  };
  const events: BusEvent[] = [];
  await openBus([agent], {
    transport,
    onEvent: (event) => {
      events.push(event);
      throw new Error('a mistake of a watcher');
    },
  });
  expect(events.map(({ type }) => type)).toContain('AttemptEnded');
});
