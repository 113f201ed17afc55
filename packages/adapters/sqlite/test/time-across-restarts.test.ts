import { ActionRegistry, DagExecutor, type DagConfigInput } from '@dagger/core';
import { expect, it, onTestFinished } from 'vitest';
import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import { sqlite } from '../src/index.ts';
import { file } from './place.ts';

const MINUTE = 60_000;

/** A file, a clock, and executors on them one after the other. Action `flaky` fails once, `long` ends when it is told to stop. */
const setup = () => {
  const place = file();
  const clock = new SimulatedClock();
  const ran: number[] = [];
  const registry = new ActionRegistry([
    {
      name: 'flaky',
      execute() {
        ran.push(clock.elapsed / MINUTE);
        if (ran.length === 1) throw new Error('not yet');
      },
    },
    {
      name: 'long',
      async execute({ signal }) {
        ran.push(clock.elapsed / MINUTE);
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
      },
    },
  ]);
  const open = async (config: DagConfigInput): Promise<DagExecutor> => {
    const executor = await DagExecutor.open({ registry, storage: sqlite(place), clock, config });
    for (const action of ['flaky', 'long'])
      executor.add({ name: action, nodes: [{ id: 'n', action }] });
    onTestFinished(() => executor.close());
    return executor;
  };
  return { clock, ran, open };
};

it('a wait for a retry ends when it would have ended, also when its process died meanwhile [P36]', async () => {
  const { clock, ran, open } = setup();
  const config = { retryStrategy: { type: 'linear', delay: 600 }, retryJitter: false } as const;
  const first = await open(config);
  const run = await first.start('flaky', { runId: 'r' });
  for await (const event of run.events) if (event.type === 'NodeRetrying') break;
  await clock.advance(4 * MINUTE);
  await first.close();
  await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST' });
  await clock.advance(3 * MINUTE);
  const resumed = await (await open(config)).startResume('r');
  await clock.advance(2 * MINUTE);
  expect(ran).toEqual([0]);
  await clock.advance(MINUTE);
  expect((await resumed.done).status).toBe('succeeded');
  expect(ran).toEqual([0, 10]);
});

it('the timeout of a run begins anew with each session [P37]', async () => {
  const { clock, ran, open } = setup();
  const config = { timeoutSeconds: 600, gracePeriod: 0, maxAttempts: 1 };
  const first = await open(config);
  const run = await first.start('long', { runId: 'r' });
  await clock.advance(9 * MINUTE);
  await first.close();
  await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST' });
  const resumed = await (await open(config)).startResume('r');
  await clock.advance(9 * MINUTE);
  expect(resumed.report().status).toBe('running');
  await clock.advance(MINUTE);
  expect((await resumed.done).status).toBe('timed_out');
  expect(ran).toEqual([0, 9]);
});
