import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePubSubAgent, type AnyPubSubAgent } from '../src/index.ts';
import { openBus } from './bus.ts';

const schema = {
  type: 'object',
  required: ['n'],
  properties: { n: { type: 'integer' }, list: { type: 'array', items: { type: 'string' } } },
};

describe('a message that is not what it should be', () => {
  it('is refused with channel, path and value, and nobody receives it', async () => {
    let received = 0;
    const open: AnyPubSubAgent = {
      name: 'open',
      subscriptions: ['work'],
      processMessage: () => void received++,
    };
    const { bus } = await openBus([open, { ...open, name: 'strict', input: schema }]);
    await expect(bus.publish('work', { n: 1, list: ['a', 7] })).rejects.toMatchObject({
      code: 'MESSAGE_INVALID',
      message:
        "the message to 'work' is not what agent 'strict' receives: list.1: must be string (found 7)",
    });
    await bus.idle();
    expect(received).toBe(0);
    expect(bus.listChannels().find(({ name }) => name === 'work')?.published).toBe(0);
  });

  it('is refused where its publisher promised another', async () => {
    const codes: unknown[] = [];
    const { bus } = await openBus([
      definePubSubAgent({
        name: 'p',
        subscriptions: ['in'],
        output: schema,
        processMessage: (_, ctx) => {
          try {
            ctx.publish('out', { n: 'x' });
          } catch (error) {
            codes.push(error);
          }
        },
      }),
    ]);
    await bus.execute({ channel: 'in', message: 1 });
    expect(codes).toMatchObject([
      {
        code: 'MESSAGE_INVALID',
        message: expect.stringContaining("agent 'p' says that it publishes") as string,
      },
    ]);
  });

  it('fails the attempt where a schema takes its time', async () => {
    const later = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) =>
          Promise.resolve(value === 1 ? { value } : { issues: [{ message: 'must be 1' }] }),
      },
    };
    const { bus } = await openBus([
      { name: 'reader', subscriptions: ['out'], input: later, processMessage: () => {} },
      definePubSubAgent({
        name: 'p',
        subscriptions: ['in'],
        retry: { attempts: 1 },
        processMessage: (_, ctx) => ctx.publish('out', 2),
      }),
    ]);
    await expect(bus.publish('out', 2)).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
    expect(await bus.execute({ channel: 'in', message: 1 })).toMatchObject({
      success: false,
      error: { code: 'MESSAGE_INVALID' },
    });
  });

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['NaN', { n: Number.NaN }],
    ['a date', { at: new Date(0) }],
  ])('is refused where it is no JSON: %s', async (_, payload) => {
    const { bus } = await openBus([]);
    await expect(bus.publish('work', payload as never)).rejects.toMatchObject({ code: 'NOT_JSON' });
  });

  it.each(['', 'a..b', 'a.*', 'a b', '>', '.a', 'a.'])(
    'is refused where %j is no channel',
    async (channel) => {
      const { bus } = await openBus([]);
      await expect(bus.publish(channel, 1)).rejects.toMatchObject({ code: 'CHANNEL_INVALID' });
    },
  );

  it('is refused with a header of several lines', async () => {
    const { bus } = await openBus([]);
    await expect(bus.publish('a', 1, { headers: { x: 'a\nb' } })).rejects.toMatchObject({
      code: 'MESSAGE_INVALID',
    });
  });

  it('may be called after what every object has', async () => {
    const seen: string[] = [];
    const { bus } = await openBus([
      {
        name: '__proto__',
        subscriptions: ['constructor', '__proto__.>'],
        processMessage: ({ channel }: { readonly channel: string }) => void seen.push(channel),
      },
    ]);
    await bus.publish('constructor', 1);
    await bus.publish('__proto__.toString', 1);
    await bus.idle();
    expect(seen).toEqual(['constructor', '__proto__.toString']);
  });
});

describe('an agent', () => {
  const base = { name: 'a', subscriptions: ['x'], processMessage: () => {} };
  it.each<[string, object, string]>([
    ['without a channel', { ...base, subscriptions: [] }, 'subscriptions must name a channel'],
    ['with a wrong channel', { ...base, subscriptions: ['a b'] }, 'subscriptions'],
    ['with an unknown key', { ...base, subscription: ['x'] }, "unknown key 'subscription'"],
    ['without a handler', { ...base, processMessage: 1 }, 'processMessage must be a function'],
    ['with no room', { ...base, capacity: 0 }, 'capacity must be a whole number of at least 1'],
    ['with another overflow', { ...base, overflow: 'spill' }, 'overflow must be one of'],
    ['with a wrong timeout', { ...base, timeout: -1 }, 'timeout'],
  ])('%s is refused when the bus is opened', async (_, agent, reason) => {
    await expect(openBus([agent as AnyPubSubAgent])).rejects.toMatchObject({
      code: 'AGENT_INVALID',
      message: expect.stringContaining(reason) as string,
    });
  });

  it('that publishes where it said it would not is refused', async () => {
    const { bus } = await openBus([
      definePubSubAgent({
        name: 'a',
        subscriptions: ['in'],
        publications: ['out.*'],
        retry: { attempts: 1 },
        processMessage: (_, ctx) => ctx.publish('elsewhere', 1),
      }),
    ]);
    expect(await bus.execute({ channel: 'in', message: 1 })).toMatchObject({
      error: {
        code: 'CHANNEL_NOT_ALLOWED',
        message: "agent 'a' publishes to out.*, not to 'elsewhere'",
      },
    });
  });

  it('is listed with the schemas of what goes through its channels, which no schema changes', async () => {
    const measured = z.object({ celsius: z.coerce.number<string>(), room: z.string().default('') });
    const { bus } = await openBus([{ ...base, input: measured, output: measured }]);
    const [listed] = bus.listAgents();
    expect(listed?.input).toMatchObject({ required: ['celsius'] });
    expect(listed?.output).toEqual(listed?.input);
  });

  it('receives what was published, whatever its schema would make of that', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([
      definePubSubAgent({
        name: 'a',
        subscriptions: ['in'],
        input: z.object({ n: z.coerce.number<string>(), size: z.number().default(1) }),
        processMessage: ({ payload }) => void seen.push(payload.n.length, payload.size),
      }),
    ]);
    await bus.execute({ channel: 'in', message: { n: '12' } });
    expect(seen).toEqual([2, undefined]);
  });

  it('of a group wants what the others of it want', async () => {
    await expect(
      openBus([
        { ...base, group: 'g' },
        { ...base, name: 'b', group: 'g', subscriptions: ['y'] },
      ]),
    ).rejects.toMatchObject({ code: 'GROUP_MISMATCH' });
    await expect(openBus([base, base])).rejects.toMatchObject({ code: 'AGENT_DUPLICATE' });
  });
});
