import { sqlite } from '@dagger/sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  definePubSubAgent,
  StorageTransport,
  type AnyPubSubAgent,
  type BusEvent,
} from '../src/index.ts';
import { openBus } from './bus.ts';

const input = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };
const RETRY = { attempts: 3, strategy: { type: 'immediate' } } as const;

const failing: AnyPubSubAgent = {
  name: 'failing',
  subscriptions: ['work'],
  retry: { attempts: 1 },
  processMessage: () => {
    throw new Error('no');
  },
};

describe.each(['dead.>', 'dead.work', '*.*'])('a dead letter for an agent on %s', (pattern) => {
  const setup = async () => {
    const seen: string[] = [];
    const events: BusEvent[] = [];
    const { bus } = await openBus(
      [
        failing,
        {
          name: 'open',
          subscriptions: ['dead.>'],
          processMessage: () => void seen.push('open'),
        },
        definePubSubAgent({
          name: 'strict',
          subscriptions: [pattern],
          input,
          retry: RETRY,
          processMessage: () => void seen.push('strict'),
        }),
      ],
      { onEvent: (event) => events.push(event) },
    );
    return { bus, seen, events };
  };

  it('that is not what that agent receives fails for it without another attempt, and for nobody else', async () => {
    const { bus, seen, events } = await setup();
    const { attempts } = await bus.execute({ channel: 'work', message: { n: 'x' } });
    const fates = attempts.map(({ agent, status, error }) => [agent, status, error?.code]);
    expect(fates).toHaveLength(3);
    expect(fates).toContainEqual(['strict', 'dead', 'MESSAGE_INVALID']);
    expect(seen).toEqual(['open']);
    expect(events.filter(({ type }) => type === 'DeadLettered')).toMatchObject([
      { agent: 'failing' },
      {
        agent: 'strict',
        error: {
          message:
            "the message to 'dead.work' is not what agent 'strict' receives: n: must be integer (found \"x\")",
        },
      },
    ]);
  });

  it('that is what it receives is handled', async () => {
    const { bus, seen } = await setup();
    await bus.execute({ channel: 'work', message: { n: 1 } });
    expect(new Set(seen)).toEqual(new Set(['open', 'strict']));
    expect(seen).toHaveLength(2);
  });
});

it('a message from another process that does not fit has a dead letter after one attempt', async () => {
  const storage = sqlite(':memory:');
  onTestFinished(() => storage.close());
  const open = async (agents: readonly AnyPubSubAgent[]) => {
    const transport = await StorageTransport.open({ storage });
    return (await openBus(agents, { transport, clock: undefined })).bus;
  };
  const letters: unknown[] = [];
  await open([
    definePubSubAgent({
      name: 'strict',
      subscriptions: ['work'],
      input,
      retry: RETRY,
      processMessage: () => {},
    }),
    {
      name: 'grave',
      subscriptions: ['dead.>'],
      processMessage: ({ headers }: { readonly headers: Readonly<Record<string, string>> }) =>
        void letters.push([headers['dead-code'], headers['dead-attempts']]),
    },
  ]);
  const other = await open([]);
  await other.execute({ channel: 'work', message: { n: 'x' } });
  expect(letters).toEqual([['MESSAGE_INVALID', '1']]);
});

it('an agent that publishes what it may not is tried again, since it may do better', async () => {
  const { bus, clock } = await openBus([
    definePubSubAgent<number, number | string>({
      name: 'learner',
      subscriptions: ['work'],
      output: { type: 'number' },
      retry: RETRY,
      processMessage: (_, ctx) => ctx.publish('out', ctx.attempt < 3 ? 'a guess' : 7),
    }),
  ]);
  const { attempts, success } = await clock.advanceUntil(
    bus.execute({ channel: 'work', message: 1 }),
  );
  expect(attempts.map(({ status, error }) => [status, error?.code])).toEqual([
    ['failed', 'MESSAGE_INVALID'],
    ['failed', 'MESSAGE_INVALID'],
    ['done', undefined],
  ]);
  expect(success).toBe(true);
});
