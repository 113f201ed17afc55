import { describe, expect, it } from 'vitest';
import { withCalls, type Calls } from '../src/tasks/calls.ts';
import type { Group, Shape } from '../src/tasks/contender.ts';
import { postgresFloor } from '../src/tasks/floors/postgres.ts';
import { sqliteFloor } from '../src/tasks/floors/sqlite.ts';
import { graphileContenders } from '../src/tasks/peers/graphile-worker.ts';
import { missingServers } from '../src/tasks/places.ts';
import { renderTasks } from '../src/tasks/render.ts';
import type { TasksReport, TasksRow } from '../src/tasks/report.ts';
import { tasksVerdicts } from '../src/tasks/verdicts.ts';

const SHAPES: readonly Shape[] = ['independent', 'fanOut', 'chain'];
const noPostgres = (await missingServers()).has('postgres');

describe('the calls of a run', () => {
  const run = (shape: Shape, tasks: readonly number[]): Promise<number> =>
    withCalls('queue', shape, 3, async ({ call }: Calls) => {
      for (const task of tasks) call(task);
      return 1;
    });

  it('are one for each task, after what it waits for', async () => {
    expect(await run('independent', [2, 0, 1])).toBe(1);
    expect(await run('fanOut', [0, 3, 1, 2])).toBe(1);
    expect(await run('chain', [0, 1, 2])).toBe(1);
  });

  it.each<[Shape, readonly number[], string]>([
    ['independent', [0, 2], '1 never ran'],
    ['independent', [0, 1, 1, 2], '1 ran more than once'],
    ['independent', [0, 1, 1], '1 never ran, 1 ran more than once'],
    ['fanOut', [1, 0, 2, 3], '1 ran before'],
    ['chain', [2, 1, 0], '2 ran before'],
  ])('are refused otherwise: %s %j', async (shape, tasks, reason) => {
    await expect(run(shape, tasks)).rejects.toThrow(reason);
  });
});

describe('the floors', () => {
  it.each([1, 10])('run every shape on SQLite in batches of %i', async (batch) => {
    const floor = sqliteFloor('normal', batch);
    for (const shape of SHAPES) expect(await floor[shape]!(25)).toBeGreaterThan(0);
  });

  it('enqueue and claim single tasks', async () => {
    expect(await sqliteFloor('full', 1).latency!(3)).toHaveLength(3);
  });

  it.skipIf(noPostgres)('run every shape on PostgreSQL', async () => {
    const floor = postgresFloor(10);
    for (const shape of SHAPES) expect(await floor[shape]!(25)).toBeGreaterThan(0);
  });
});

it.skipIf(noPostgres)('a task is timed from one process to another', async () => {
  const [plain] = graphileContenders;
  const found = await plain!.latencyAcross!(3);
  expect(found).toHaveLength(3);
  expect(Math.min(...found)).toBeGreaterThan(0);
});

describe('the verdicts', () => {
  it('compare dagger with the best variant of each peer', () => {
    const verdicts = tasksVerdicts([
      row('postgres', 'dagger', 3_000),
      row('postgres', 'pg-boss, batches of 500', 2_000),
      row('postgres', 'pg-boss, one by one', 20),
      row('postgres', 'graphile-worker', 3_000),
      row('postgres', 'graphile-worker, local queue', 6_000),
    ]);
    const met = (name: string): unknown => verdicts.find((verdict) => verdict.name === name);
    expect(met('postgres: dagger / pg-boss at its best')).toMatchObject({ value: 1.5, met: true });
    expect(met('postgres: dagger / graphile-worker')).toMatchObject({ value: 1, met: false });
    expect(met('postgres: dagger / graphile-worker, local queue')).toMatchObject({ met: true });
    expect(met('sqlite full: dagger, tasks/s')).toMatchObject({ value: null, met: null });
    expect(met('postgres: dispatch to another process, p50 ms')).toMatchObject({ met: null });
  });
});

it('the tables name what was not measured, and of fewer tasks', () => {
  const slow = row('postgres', 'slow', 2);
  const few = { tasks: 5, tasksPerSecond: 1.5, rounds: 1 };
  const text = renderTasks({
    suite: 'tasks',
    quick: true,
    machine: { node: 'v24', cpu: 'cpu', cores: 2, platform: 'linux x64' },
    rows: [
      row('sqlite full', 'dagger', 5_000),
      { ...slow, speeds: { ...slow.speeds, chain: few } },
    ],
    verdicts: [],
    skipped: ['Redis: skipped, no server'],
  } satisfies TasksReport);
  expect(text).toContain('sqlite full: dagger');
  expect(text).toContain('chain 200');
  expect(text).toContain('(1) no dependencies');
  expect(text).toContain('1.50 (2)');
  expect(text).toContain('(2) slow: over 5 tasks');
  expect(text).toContain('Redis: skipped, no server');
});

function row(group: Group, name: string, tasksPerSecond: number): TasksRow {
  const skipped = { skipped: 'no dependencies' };
  return {
    name,
    role: name === 'dagger' ? 'dagger' : 'peer',
    group,
    speeds: {
      independent: { tasks: 2_000, tasksPerSecond, rounds: 1 },
      fanOut: skipped,
      chain: skipped,
    },
    latency: skipped,
    latencyAcross: skipped,
    recovery: skipped,
  };
}
