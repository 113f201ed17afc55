import { sqlite } from '@dagger/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SimulatedClock } from '../../testing/src/simulated-clock.ts';
import {
  definePubSubAgent,
  PubSubExecutor,
  StorageTransport,
  type AnyPubSubAgent,
} from '../src/index.ts';

const file = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'dagger-pubsub-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'bus.db');
};

const open = async (path: string, agents: readonly AnyPubSubAgent[]): Promise<PubSubExecutor> => {
  const storage = sqlite(path);
  const bus = await PubSubExecutor.open({
    agents,
    transport: await StorageTransport.open({ storage }),
  });
  onTestFinished(async () => {
    await bus.close({ drainSeconds: 0 });
    await storage.close();
  });
  return bus;
};

const split = definePubSubAgent<number, number>({
  name: 'split',
  subscriptions: ['in'],
  processMessage: ({ payload }, ctx) => {
    for (let n = 0; n < payload; n++) ctx.publish('part', n);
  },
});

it('a run on durable channels ends when nothing is left, as in memory', async () => {
  const seen: number[] = [];
  const bus = await open(file(), [
    split,
    definePubSubAgent<number>({
      name: 'part',
      subscriptions: ['part'],
      retry: { attempts: 2, strategy: { type: 'immediate' } },
      processMessage: ({ payload }) => {
        if (payload === 3) throw new Error('not three');
        seen.push(payload);
      },
    }),
  ]);
  const report = await bus.execute({ channel: 'in', message: 10 });
  expect(report).toMatchObject({ success: false, deadLetters: 1, messages: 12, attemptCount: 12 });
  expect(seen.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9]);
  await bus.idle();
});

it('what was published and not handled is handled by the next bus', async () => {
  const path = file();
  const stuck = await open(path, [
    split,
    { name: 'part', subscriptions: ['part'], processMessage: () => new Promise(() => {}) },
  ]);
  const first = await stuck.publish('in', 5);
  await new Promise<void>((resolve) => {
    stuck.channel('part').messages$.subscribe(({ payload }) => {
      if (payload === 4) resolve();
    });
  });
  await stuck.close({ drainSeconds: 0 });
  const seen: [unknown, string][] = [];
  const next = await open(path, [
    split,
    definePubSubAgent({
      name: 'part',
      subscriptions: ['part'],
      processMessage: ({ payload, correlationId }) => void seen.push([payload, correlationId]),
    }),
  ]);
  await next.idle();
  expect(new Map(seen)).toEqual(new Map([0, 1, 2, 3, 4].map((n) => [n, first.id])));
  expect(seen).toHaveLength(5);
});

it('two buses on one file share the messages, and each knows when all is done', async () => {
  const path = file();
  const counts = [0, 0];
  const part = (own: number): AnyPubSubAgent => ({
    name: 'part',
    subscriptions: ['part'],
    concurrency: 2,
    processMessage: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      counts[own] = (counts[own] ?? 0) + 1;
    },
  });
  const one = await open(path, [split, part(0)]);
  const two = await open(path, [split, part(1)]);
  const reports = await Promise.all([
    one.execute({ channel: 'in', message: 30 }),
    two.execute({ channel: 'in', message: 30 }),
  ]);
  expect(reports.map(({ stopped, deadLetters }) => [stopped, deadLetters])).toEqual([
    [null, 0],
    [null, 0],
  ]);
  expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(60);
});

it('a message that is delivered again long after its tree had ended is handled', async () => {
  const clock = new SimulatedClock();
  const storage = sqlite(file());
  const transport = await StorageTransport.open({ storage, clock });
  const seen: unknown[] = [];
  const bus = await PubSubExecutor.open({
    agents: [
      definePubSubAgent({
        name: 'reader',
        subscriptions: ['in'],
        processMessage: ({ payload }) => void seen.push(payload),
      }),
    ],
    transport,
    clock,
  });
  onTestFinished(async () => {
    await bus.close({ drainSeconds: 0 });
    await storage.close();
  });
  await clock.advanceUntil(bus.execute({ channel: 'in', message: 1 }));
  await clock.advance(2 * 3_600_000);
  await transport.replay('reader', 'start');
  await clock.advanceUntil(bus.idle());
  expect(seen).toEqual([1, 1]);
});
