import { expect, it } from 'vitest';
import {
  correlation,
  dedupe,
  definePubSubAgent,
  recover,
  type Handler,
  type Message,
} from '../src/index.ts';
import { openBus } from './bus.ts';

it('stands around every handler, that of the executor outside', async () => {
  const log: string[] = [];
  const noting =
    (name: string) =>
    (next: Handler): Handler =>
    async (message, ctx) => {
      log.push(`${name} in`);
      await next(message, ctx);
      log.push(`${name} out`);
    };
  const { bus } = await openBus(
    [
      {
        name: 'a',
        subscriptions: ['in'],
        middleware: [noting('second'), noting('third')],
        processMessage: () => void log.push('handler'),
      },
    ],
    { middleware: [noting('first')] },
  );
  await bus.execute({ channel: 'in', message: 1 });
  expect(log).toEqual([
    'first in',
    'second in',
    'third in',
    'handler',
    'third out',
    'second out',
    'first out',
  ]);
});

it('sees attempts, so what it recovers from is no failure, and what it lets pass is tried again', async () => {
  const reasons: unknown[] = [];
  let calls = 0;
  const { bus, clock } = await openBus([
    {
      name: 'a',
      subscriptions: ['in'],
      middleware: [
        recover((error) => {
          reasons.push((error as Error).message);
          if (calls === 1) throw error;
        }),
      ],
      processMessage: () => {
        throw new Error(`call ${++calls}`);
      },
    },
  ]);
  const report = await clock.advanceUntil(bus.execute({ channel: 'in', message: 1 }));
  expect(reasons).toEqual(['call 1', 'call 2']);
  expect(report).toMatchObject({ success: true, attemptCount: 2 });
});

it('may carry headers on, and leave out what was handled already', async () => {
  const seen: Message[] = [];
  const { bus } = await openBus([
    definePubSubAgent({
      name: 'a',
      subscriptions: ['in'],
      middleware: [correlation(), dedupe({ key: ({ payload }) => JSON.stringify(payload) })],
      processMessage: (_, ctx) => ctx.publish('out', 'done'),
    }),
    {
      name: 'end',
      subscriptions: ['out'],
      processMessage: (message: Message) => void seen.push(message),
    },
  ]);
  for (const payload of ['x', 'y', 'x'])
    await bus.execute({ channel: 'in', message: payload, headers: { 'correlation-id': 'c7' } });
  expect(seen.map(({ headers }) => headers)).toEqual([
    { 'correlation-id': 'c7' },
    { 'correlation-id': 'c7' },
  ]);
});
