import { definePubSubAgent, PubSubExecutor, type AnyPubSubAgent } from '@dagger/pubsub';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SERVER, serverIsMissing } from './server.ts';
import { opened, unusedStream } from './setup.ts';

const missing = await serverIsMissing();

const open = async (
  at: { readonly stream: string; readonly prefix: string },
  agents: readonly AnyPubSubAgent[],
): Promise<PubSubExecutor> => {
  const bus = await PubSubExecutor.open({
    agents,
    transport: await opened({ servers: SERVER, ...at }),
  });
  onTestFinished(() => bus.close({ drainSeconds: 0 }));
  return bus;
};

const split = definePubSubAgent<number, number>({
  name: 'split',
  subscriptions: ['in'],
  processMessage: ({ payload }, ctx) => {
    for (let n = 0; n < payload; n++) ctx.publish('part', n);
  },
});

describe.skipIf(missing !== undefined)(`a bus on JetStream (${missing ?? 'it answers'})`, () => {
  it('ends a run when nothing is left of what this process published, with retries and dead letters', async () => {
    const seen: number[] = [];
    const bus = await open(unusedStream(), [
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
    expect(report).toMatchObject({
      stopped: null,
      success: false,
      deadLetters: 1,
      messages: 12,
      attemptCount: 12,
    });
    expect(seen.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9]);
    await bus.idle();
  });

  it('handles what others publish, and is idle all the same', async () => {
    const at = unusedStream();
    let done!: () => void;
    const arrived = new Promise<void>((resolve) => (done = resolve));
    const reader = await open(at, [
      { name: 'reader', subscriptions: ['news'], processMessage: () => done() },
    ]);
    const writer = await open(at, []);
    await writer.publish('news', 1);
    await arrived;
    await Promise.all([reader.idle(), writer.idle()]);
    expect(reader.listChannels().map(({ name }) => name)).toEqual(['news']);
  });
});
