import { describe, expect, it } from 'vitest';
import {
  definePubSubAgent,
  MemoryTransport,
  type AnyPubSubAgent,
  type Message,
} from '../src/index.ts';
import { openBus, turn } from './bus.ts';

const noting = (
  name: string,
  subscriptions: readonly string[],
  seen: string[],
  more: Partial<AnyPubSubAgent> = {},
): AnyPubSubAgent => ({
  name,
  subscriptions,
  processMessage: (message: Message) => {
    seen.push(`${name}: ${message.channel} ${JSON.stringify(message.payload)}`);
  },
  ...more,
});

describe('messages', () => {
  it('reach every agent of their channel', async () => {
    const seen: string[] = [];
    const { bus } = await openBus([noting('a', ['work'], seen), noting('b', ['work'], seen)]);
    await bus.publish('work', 1);
    await bus.idle();
    expect(seen.toSorted()).toEqual(['a: work 1', 'b: work 1']);
  });

  it('reach agents by patterns in the grammar of NATS', async () => {
    const seen: string[] = [];
    const { bus } = await openBus([
      noting('one', ['order.*'], seen),
      noting('rest', ['order.>'], seen),
      noting('eu', ['order.*.eu'], seen),
    ]);
    await bus.publish('order.new', 1);
    await bus.publish('order.new.eu', 2);
    await bus.publish('order', 3);
    await bus.idle();
    expect(seen.toSorted()).toEqual([
      'eu: order.new.eu 2',
      'one: order.new 1',
      'rest: order.new 1',
      'rest: order.new.eu 2',
    ]);
  });

  it('are frozen, and say where they came from', async () => {
    const seen: Message[] = [];
    const { bus, clock } = await openBus([
      definePubSubAgent({
        name: 'forward',
        subscriptions: ['in'],
        processMessage: (message, ctx) => {
          seen.push(message);
          ctx.publish('out', { from: message.payload });
        },
      }),
      noting('end', ['out'], [], { processMessage: (message: Message) => void seen.push(message) }),
    ]);
    const first = await bus.publish('in', { list: [1] }, { headers: { tenant: 'acme' }, key: 'k' });
    await bus.idle();
    expect(seen).toEqual([
      first,
      {
        id: expect.any(String) as string,
        channel: 'out',
        source: 'forward',
        time: clock.now(),
        payload: { from: { list: [1] } },
        headers: {},
        causationId: first.id,
        correlationId: first.id,
        hops: 1,
        key: 'k',
        traceparent: null,
      },
    ]);
    expect(first).toMatchObject({
      source: null,
      causationId: null,
      correlationId: first.id,
      hops: 0,
      headers: { tenant: 'acme' },
    });
    expect(Object.isFrozen(first) && Object.isFrozen(first.payload)).toBe(true);
    expect(() => ((first.payload as { list: number[] }).list[0] = 2)).toThrow(TypeError);
  });

  it('do not reach the agent that published them, unless it asks for its own', async () => {
    const counts = { shy: 0, keen: 0 };
    const countdown = (name: 'shy' | 'keen', receiveOwn: boolean): AnyPubSubAgent =>
      definePubSubAgent<number, number>({
        name,
        subscriptions: [name],
        receiveOwn,
        processMessage: ({ payload }, ctx) => {
          counts[name]++;
          if (payload > 0) ctx.publish(name, payload - 1);
        },
      });
    const { bus } = await openBus([countdown('shy', false), countdown('keen', true)]);
    await bus.publish('shy', 3);
    await bus.publish('keen', 3);
    await bus.idle();
    expect(counts).toEqual({ shy: 1, keen: 4 });
  });

  it('go to one agent of a group', async () => {
    const seen: string[] = [];
    const { bus } = await openBus([
      noting('a', ['work'], seen, { group: 'crew' }),
      noting('b', ['work'], seen, { group: 'crew' }),
      noting('all', ['work'], seen),
    ]);
    for (let n = 0; n < 10; n++) await bus.publish('work', n);
    await bus.idle();
    expect(seen.filter((line) => line.startsWith('all'))).toHaveLength(10);
    const shared = seen.filter((line) => !line.startsWith('all')).map((line) => line.slice(3));
    expect(new Set(shared).size).toBe(10);
    expect(shared).toHaveLength(10);
    expect(new Set(seen.map((line) => line[0])).size).toBe(2);
  });

  it('of one key are handled in order, and hold up no others', async () => {
    const log: string[] = [];
    let letGo!: () => void;
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const { bus } = await openBus([
      definePubSubAgent<string>({
        name: 'a',
        subscriptions: ['work'],
        concurrency: 8,
        async processMessage({ payload }) {
          log.push(`${payload} begins`);
          if (payload === 'x1') await gate;
          log.push(`${payload} ends`);
        },
      }),
    ]);
    await bus.publish('work', 'x1', { key: 'x' });
    await bus.publish('work', 'x2', { key: 'x' });
    await bus.publish('work', 'y1', { key: 'y' });
    await turn();
    expect(log).toEqual(['x1 begins', 'y1 begins', 'y1 ends']);
    letGo();
    await bus.idle();
    expect(log.slice(3)).toEqual(['x1 ends', 'x2 begins', 'x2 ends']);
  });

  it('are handled so many at a time as the agent says', async () => {
    let running = 0;
    let most = 0;
    const { bus } = await openBus([
      definePubSubAgent({
        name: 'a',
        subscriptions: ['work'],
        concurrency: 3,
        async processMessage() {
          most = Math.max(most, ++running);
          await turn();
          running--;
        },
      }),
    ]);
    for (let n = 0; n < 20; n++) await bus.publish('work', n);
    await bus.idle();
    expect(most).toBe(3);
  });

  it('to a channel that nobody reads are published all the same, and the channel is listed', async () => {
    const { bus } = await openBus([noting('a', ['work'], [])]);
    await bus.publish('nowhere', 1);
    await bus.idle();
    expect(
      bus
        .listChannels()
        .map(({ name, published, subscribers }) => ({ name, published, subscribers })),
    ).toEqual([
      { name: 'work', published: 0, subscribers: ['a'] },
      { name: 'nowhere', published: 1, subscribers: [] },
    ]);
  });

  it('reach agents that came later, and not those that have gone', async () => {
    const seen: string[] = [];
    const { bus } = await openBus([noting('a', ['work'], seen)]);
    await bus.publish('work', 1);
    await bus.idle();
    await bus.addAgent(noting('b', ['work'], seen));
    await bus.removeAgent('a');
    await bus.publish('work', 2);
    await bus.idle();
    expect(seen).toEqual(['a: work 1', 'b: work 2']);
    expect(bus.listAgents().map(({ name }) => name)).toEqual(['b']);
    await expect(bus.removeAgent('a')).rejects.toMatchObject({ code: 'AGENT_UNKNOWN' });
  });
});

it('an agent that could not join is not waited for', async () => {
  const seen: string[] = [];
  const transport = new MemoryTransport();
  const subscribe = transport.subscribe.bind(transport);
  transport.subscribe = (options, deliver) =>
    options.group === 'b' ? Promise.reject(new Error('no room')) : subscribe(options, deliver);
  const { bus } = await openBus([noting('a', ['work'], seen)], { transport });
  const strict = { input: { type: 'string' } };
  await expect(bus.addAgent(noting('b', ['work'], seen, strict))).rejects.toThrow('no room');
  await bus.publish('work', 1);
  await bus.idle();
  expect(seen).toEqual(['a: work 1']);
});

describe('handlers', () => {
  it('that call themselves by messages a hundred thousand times climb no stack', async () => {
    let count = 0;
    const { bus } = await openBus(
      [
        definePubSubAgent<number, number>({
          name: 'loop',
          subscriptions: ['loop'],
          receiveOwn: true,
          processMessage: ({ payload }, ctx) => {
            count++;
            if (payload > 0) ctx.publish('loop', payload - 1);
          },
        }),
      ],
      { limits: { maxMessages: 1_000_000, maxHops: 1_000_000 } },
    );
    const report = await bus.execute({ channel: 'loop', message: 100_000 });
    expect(count).toBe(100_001);
    expect(report).toMatchObject({ success: true, messages: 100_001, attemptCount: 100_001 });
  });

  it('publish nothing when they fail', async () => {
    const seen: string[] = [];
    const { bus } = await openBus([
      definePubSubAgent({
        name: 'half',
        subscriptions: ['in'],
        retry: { attempts: 1 },
        processMessage: (_, ctx) => {
          ctx.publish('out', 1);
          throw new Error('after all not');
        },
      }),
      noting('end', ['out'], seen),
    ]);
    const report = await bus.execute({ channel: 'in', message: null });
    expect(seen).toEqual([]);
    expect(report).toMatchObject({ success: false, deadLetters: 1, messages: 2 });
  });

  it('publish nothing after their attempt has ended', async () => {
    let late: (() => void) | undefined;
    const { bus } = await openBus([
      definePubSubAgent({
        name: 'late',
        subscriptions: ['in'],
        processMessage: (_, ctx) => {
          late = () => ctx.publish('out', 1);
        },
      }),
    ]);
    await bus.execute({ channel: 'in', message: null });
    expect(late).toThrow(expect.objectContaining({ code: 'ATTEMPT_OVER' }) as Error);
  });
});
