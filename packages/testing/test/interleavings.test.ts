import { describe, expect, it } from 'vitest';
import { explore, type ExploreOptions, type Interleaving } from '../src/index.ts';
import { essence } from './essence.ts';
import { interleavedRun, type InterleavedRun } from './interleaved-run.ts';

/** The run, left alone. */
const undisturbed = async (interleaving: Interleaving): Promise<void> => {
  const { executor, session, again, ahead } = await interleavedRun(interleaving);
  const { done } = await session();
  const report = await done;
  expect(report.counts).toMatchObject({ total: 9, succeeded: 8, failed: 1 });
  expect([again, ahead]).toEqual([[], []]);
  seen.add(JSON.stringify(essence(report)));
  expect(essence(await executor.report('r'))).toEqual(essence(report));
};
const seen = new Set<string>();

/** Goes on until the run has ended otherwise than by a pause or a cancellation. */
const toTheEnd = async ({ executor, session, send }: InterleavedRun): Promise<unknown> => {
  for (let sessions = 0; sessions < 10; sessions++) {
    const { run, done } = await session();
    if (run.report().pausedBranches.length > 0)
      await send(run, { type: 'ResumeBranch', branchId: 'b' });
    const { status } = await done;
    if (status !== 'paused' && status !== 'cancelled') return essence(await executor.report('r'));
  }
  throw new Error('the run does not end');
};

const reference = async (): Promise<unknown> => {
  let found: unknown;
  await explore({ seeds: [0] }, async (interleaving) => {
    found = await toTheEnd(await interleavedRun(interleaving));
  });
  return found;
};

const variants: readonly (readonly [string, ExploreOptions])[] = [
  ['time passes when nothing else can happen', { seeds: 40 }],
  ['time passes meanwhile', { seeds: 40, timersWithin: 5_001 }],
];

describe.each(variants)('in whatever order things happen while %s', (_, options) => {
  it('a growing run ends with the same report, nothing runs again that was committed, nor before [P89]', async () => {
    seen.clear();
    const { seeds, orders } = await explore(options, undisturbed);
    expect([seeds, orders]).toEqual([40, 40]);
    expect(seen.size).toBe(1);
  });

  it('a branch that is paused and resumed from outside ends as if it had not been', async () => {
    const expected = await reference();
    await explore(options, async (interleaving) => {
      const { step } = interleaving.scheduler;
      const world = await interleavedRun(interleaving);
      const { run, done } = await world.session();
      const command = async (): Promise<void> => {
        await step('pause');
        await world.send(run, { type: 'PauseBranch', branchId: 'b' });
        await step('resume');
        await world.send(run, { type: 'ResumeBranch', branchId: 'b' });
      };
      await Promise.all([command(), done]);
      expect(await toTheEnd(world)).toEqual(expected);
      expect([world.again, world.ahead]).toEqual([[], []]);
    });
  });

  it('nothing of a branch starts after its cancellation was acknowledged, and the rest is not touched [P42]', async () => {
    await explore(options, async (interleaving) => {
      const world = await interleavedRun(interleaving);
      const { run, done } = await world.session();
      const cancel = async (): Promise<readonly string[]> => {
        await interleaving.scheduler.step('cancel b');
        const accepted = await world.send(run, { type: 'CancelBranch', branchId: 'b' });
        const before = world.started.length;
        await done;
        return accepted ? world.started.slice(before) : [];
      };
      const [after, report] = await Promise.all([cancel(), done]);
      expect(after.filter((id) => ['b', 'e', 'after-b', 'after-e'].includes(id))).toEqual([]);
      expect([world.again, world.ahead]).toEqual([[], []]);
      expect(['a', 'c', 'd', 'after-a', 'after-c'].map((id) => report.nodes[id]?.status)).toEqual([
        'succeeded',
        'succeeded',
        'failed',
        'succeeded',
        'succeeded',
      ]);
    });
  });

  it('a run that is cancelled at any moment ends, and resumed it ends as if it had not been', async () => {
    const expected = await reference();
    const statuses = new Set<string>();
    await explore(options, async (interleaving) => {
      const world = await interleavedRun(interleaving);
      const { run, done } = await world.session();
      const cancel = async (): Promise<void> => {
        for (let i = 0; i < interleaving.scheduler.pick([1, 4, 9]); i++)
          await interleaving.scheduler.step('cancel');
        run.cancel();
      };
      const [, report] = await Promise.all([cancel(), done]);
      statuses.add(report.status);
      expect(await toTheEnd(world)).toEqual(expected);
      expect([world.again, world.ahead]).toEqual([[], []]);
    });
    expect(statuses).toContain('cancelled');
  });
});

it('one seed is one order: the same trace and the same events', async () => {
  const traces: string[] = [];
  for (let i = 0; i < 2; i++) {
    await explore({ seeds: ['again'] }, async (interleaving) => {
      await undisturbed(interleaving);
      traces.push(interleaving.scheduler.trace.join('\n'));
    });
  }
  expect(traces[0]).toBe(traces[1]);
  expect(traces[0]?.split('\n').length).toBeGreaterThan(40);
});
