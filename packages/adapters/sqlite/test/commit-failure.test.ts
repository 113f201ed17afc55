import { ActionRegistry, DagExecutor, type Clock } from '@dagger/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';
import { interposed, settle, type Around } from './interposed.ts';
import { file } from './place.ts';

const LENGTH = 4;
/** The run itself, its beginning, the end of each node. */
const WRITES = LENGTH + 2;

type Fault = 'write fails' | 'acknowledgement is lost' | 'connection breaks' | 'connection is down';

const diskIsFull = (): Error =>
  Object.assign(new Error('the disk is full'), { code: 'SQLITE_FULL' });
const connectionBroke = (): Error => new Error('the connection broke');

/** The pauses between two tries take no time; their sum is noted. */
const impatient = (): Clock & { readonly paused: () => number } => {
  let paused = 0;
  return {
    now: () => Date.now(),
    after: (ms, wake) => {
      if (ms > 2_000) return () => {};
      paused += ms;
      const timer = setImmediate(wake);
      return () => clearImmediate(timer);
    },
    paused: () => paused,
  };
};

/** A chain of nodes on a file; the write number `at` of the first executor goes wrong, or all from there on. */
const setup = async (
  fault: Fault,
  at: number,
): Promise<{
  readonly first: DagExecutor;
  readonly ran: string[];
  readonly signals: AbortSignal[];
  /** Milliseconds between tries, in all. */
  readonly paused: () => number;
  /** A new process, as far as the run can tell: `later` milliseconds have passed. */
  readonly again: (later?: number) => Promise<DagExecutor>;
}> => {
  const place = file();
  const ran: string[] = [];
  const signals: AbortSignal[] = [];
  const registry = new ActionRegistry([
    {
      name: 'ok',
      execute: ({ nodeId }) => {
        ran.push(nodeId);
        return { from: nodeId };
      },
    },
    {
      name: 'wait',
      execute: async ({ signal }) => {
        signals.push(signal);
        await new Promise(() => {});
      },
    },
  ]);
  let writes = -1;
  let counting = false;
  const around: Around = async (work) => {
    if (!counting || (++writes !== at && !(fault === 'connection is down' && writes > at)))
      return work();
    if (fault === 'acknowledgement is lost') await work();
    throw fault === 'write fails' ? diskIsFull() : connectionBroke();
  };
  const add = (executor: DagExecutor): DagExecutor => {
    const nodes = Array.from({ length: LENGTH }, (_, i) => ({
      id: `n${i}`,
      action: 'ok',
      dependencies: i === 0 ? [] : [`n${i - 1}`],
    }));
    executor.add({ name: 'chain', nodes });
    executor.add({ name: 'waiting', nodes: [...nodes, { id: 'w', action: 'wait' }] });
    return executor;
  };
  const clock = impatient();
  const first = add(
    await DagExecutor.open({ registry, storage: interposed(sqlite(place), around), clock }),
  );
  counting = true;
  const again = async (later = 0): Promise<DagExecutor> => {
    const clock: Clock = { now: () => Date.now() + later, after: () => () => {} };
    return add(await DagExecutor.open({ registry, storage: sqlite(place), clock }));
  };
  return { first, ran, signals, paused: clock.paused, again };
};

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
  // oxlint-disable-next-line vitest/no-standalone-expect -- what every test of this file promises
  expect(unhandled).toEqual([]);
});

const counted = (ran: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const id of ran) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
};
const once = { n0: 1, n1: 1, n2: 1, n3: 1 };
const indexes = Array.from({ length: WRITES }, (_, i) => i);

describe.each(indexes)('when write %d of a run goes wrong', (at) => {
  it('the run rejects with the error of the storage, and another process completes it: only the node whose end was not committed runs again [P63]', async () => {
    const { first, ran, again } = await setup('write fails', at);
    await expect(first.run('chain', { runId: 'r' })).rejects.toThrow('the disk is full');
    await first.close();
    const second = await again(60_000);
    const report = await second.run('chain', { runId: 'r' });
    expect(report).toMatchObject({ status: 'succeeded', counts: { succeeded: LENGTH } });
    const lost = at >= 2 && at < 2 + LENGTH ? { [`n${at - 2}`]: 2 } : {};
    expect(counted(ran)).toEqual({ ...once, ...lost });
    await second.close();
  });

  it.each(['acknowledgement is lost', 'connection breaks'] as const)(
    'and it is that the %s, the run passes unharmed [P61]',
    async (fault) => {
      const { first, ran, again } = await setup(fault, at);
      const report = await first.run('chain', { runId: 'r' });
      expect(report).toMatchObject({ status: 'succeeded', counts: { succeeded: LENGTH } });
      expect(counted(ran)).toEqual(once);
      await first.close();
      const second = await again();
      expect(JSON.stringify(await second.report('r'))).toBe(JSON.stringify(report));
      await second.close();
    },
  );

  it('and nothing comes through after it, the run rejects in the end, and another process completes it [P62]', async () => {
    const { first, ran, paused, again } = await setup('connection is down', at);
    await expect(first.run('chain', { runId: 'r' })).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('the connection broke'),
    });
    expect(paused()).toBeGreaterThan(8_000);
    await first.close();
    const second = await again(60_000);
    expect(await second.run('chain', { runId: 'r' })).toMatchObject({ status: 'succeeded' });
    expect(Object.keys(counted(ran)).toSorted()).toEqual(Object.keys(once));
    await second.close();
  });

  it('the same executor can go on at once, since it knows that nobody else works on the run', async () => {
    const { first, ran } = await setup('write fails', at);
    await expect(first.run('chain', { runId: 'r' })).rejects.toThrow('the disk is full');
    expect(await first.run('chain', { runId: 'r' })).toMatchObject({ status: 'succeeded' });
    expect(Object.keys(counted(ran)).toSorted()).toEqual(Object.keys(once));
    await first.close();
  });
});

describe('when a write fails', () => {
  it('running actions are aborted, and nothing more starts [P64]', async () => {
    const { first, ran, signals } = await setup('write fails', 3);
    await expect(first.run('waiting', { runId: 'r' })).rejects.toThrow('the disk is full');
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(ran).toEqual(['n0', 'n1']);
    await first.close();
  });

  it('commands under way are told what failed, since they may have been carried out; nobody waits on', async () => {
    const { first } = await setup('write fails', 2);
    const run = await first.start('waiting', { runId: 'r', commandCapacity: 1 });
    const inputs = { x: 1 };
    const sent = ['n1', 'n2', 'n3'].map((nodeId) =>
      run.send({ type: 'SetNodeInputs', nodeId, inputs }).then(
        () => 'done',
        (error: unknown) => (error as { code: string }).code,
      ),
    );
    const answers = Promise.all(sent);
    await expect(run.done).rejects.toThrow('the disk is full');
    const late = run
      .send({ type: 'SetNodeInputs', nodeId: 'n3', inputs })
      .catch((error: unknown) => (error as { code: string }).code);
    expect(await Promise.race([late, settle(50).then(() => 'hung')])).toBe('COMMAND_REJECTED');
    const given = await Promise.race([answers, settle(50).then(() => ['hung'])]);
    expect(given).not.toContain('hung');
    expect(given).toContain('STORAGE_FAILED');
    await first.close();
  });
});
