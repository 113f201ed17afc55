import {
  ActionRegistry,
  DagExecutor,
  type Clock,
  type ExecutorOptions,
  type RetentionPolicy,
} from '@dagger/core';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqlite } from '../src/index.ts';
import { settle } from './interposed.ts';
import { file } from './place.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const START = Date.UTC(2030, 0, 1);

/** A file, executors on it, and a clock that the test sets. An action `large` gives its input in a large value. */
const setup = (): {
  readonly time: { now: number };
  readonly open: (options?: Partial<ExecutorOptions>) => Promise<DagExecutor>;
  readonly ids: (executor: DagExecutor) => Promise<string[]>;
  readonly count: (table: string) => number;
  readonly sql: (text: string, ...values: unknown[]) => void;
} => {
  const place = file();
  const time = { now: START };
  const clock: Clock = { now: () => time.now, after: () => () => {} };
  const registry = new ActionRegistry([
    { name: 'ok', execute: () => ({ n: 1 }) },
    { name: 'large', execute: ({ inputs }) => ({ text: 'x'.repeat(20_000), of: inputs['of'] }) },
    {
      name: 'bad',
      execute: () => {
        throw new Error('bad');
      },
    },
    { name: 'never', execute: async () => new Promise(() => {}) },
  ]);
  const open = async (options: Partial<ExecutorOptions> = {}): Promise<DagExecutor> => {
    const executor = await DagExecutor.open({
      registry,
      storage: sqlite(place),
      clock,
      config: { maxAttempts: 1 },
      ...options,
    });
    for (const action of ['ok', 'bad', 'never'])
      executor.add({ name: action, nodes: [{ id: 'a', action }] });
    executor.add({
      name: 'large',
      nodes: [
        {
          id: 'a',
          action: 'large',
          inputs: [{ name: 'of', reference: 'inputs.of' }],
          cacheStrategy: 'always',
        },
      ],
    });
    onTestFinished(async () => executor.close().catch(() => {}));
    return executor;
  };
  const within = <T>(work: (database: BetterSqlite3.Database) => T): T => {
    const database = new BetterSqlite3(place);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  return {
    time,
    open,
    ids: async (executor) => (await executor.listRuns()).map(({ runId }) => runId).toSorted(),
    count: (table) =>
      within((database) => Number(database.prepare(`select count(*) from ${table}`).pluck().get())),
    sql: (text, ...values) => within((database) => void database.prepare(text).run(...values)),
  };
};

const tables = [
  'dagger_runs',
  'dagger_journal',
  'dagger_inbox',
  'dagger_snapshots',
  'dagger_blob_refs',
  'dagger_blobs',
  'dagger_blob_parts',
  'dagger_definitions',
  'dagger_memo',
];

describe('pruning', () => {
  it('deletes runs that ended long ago, with everything that belongs to them, and nothing of others', async () => {
    const { time, open, ids, count, sql } = setup();
    const executor = await open();
    await executor.run('large', { runId: 'old', inputs: { of: 'old' } });
    await executor.run('bad', { runId: 'failed', inputs: {} });
    time.now += 2 * DAY;
    await executor.run('large', { runId: 'new', inputs: { of: 'new' } });
    for (const id of ['old', 'new']) {
      sql('insert into dagger_inbox values (?, ?, 0, ?)', `i${id}`, id, '{}');
      sql('insert into dagger_snapshots values (?, 1, 0, ?)', id, Buffer.from('x'));
    }
    const report = JSON.stringify(await executor.report('new'));
    const before = Object.fromEntries(tables.map((table) => [table, count(table)]));
    const kept = count("dagger_journal where run_id <> 'old'");
    expect(before).toMatchObject({ dagger_runs: 3, dagger_blobs: 2, dagger_memo: 2 });
    const policy = { maxAgeDays: 1, statuses: ['succeeded'] } as const;
    // The large value of `old` is still needed by a result for later runs.
    expect(await executor.prune(policy)).toEqual({ runs: 1, memos: 0, blobs: 0, definitions: 0 });
    expect(await executor.prune({ memoMaxAgeDays: 1 })).toMatchObject({
      runs: 0,
      memos: 1,
      blobs: 1,
    });
    expect(await ids(executor)).toEqual(['failed', 'new']);
    expect(Object.fromEntries(tables.map((table) => [table, count(table)]))).toEqual({
      ...before,
      dagger_runs: 2,
      dagger_journal: kept,
      dagger_inbox: 1,
      dagger_snapshots: 1,
      dagger_blob_refs: 2,
      dagger_blobs: 1,
      dagger_blob_parts: 1,
      dagger_memo: 1,
    });
    expect(JSON.stringify(await executor.report('new'))).toBe(report);
    await expect(executor.report('old')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    expect((await executor.run('large', { runId: 'old', inputs: { of: 'old' } })).status).toBe(
      'succeeded',
    );
  });

  it('deletes nothing when the policy has no bound [P77]', async () => {
    const { open, ids } = setup();
    const executor = await open();
    await executor.run('ok', { runId: 'r' });
    expect(await executor.prune({ statuses: ['succeeded'] })).toMatchObject({ runs: 0 });
    expect(await ids(executor)).toEqual(['r']);
  });

  it('keeps the most recent runs, and deletes a graph with its last run', async () => {
    const { time, open, ids, count } = setup();
    const executor = await open();
    await executor.run('ok', { runId: 'r' });
    for (let i = 0; i < 5; i++) {
      time.now += 1;
      await executor.run('large', { runId: `r${i}`, inputs: { of: i } });
    }
    expect(await executor.prune({ maxRuns: 2 })).toMatchObject({ runs: 4, definitions: 1 });
    expect(await ids(executor)).toEqual(['r3', 'r4']);
    expect(count('dagger_definitions')).toBe(1);
  });

  it('keeps a value that another run has too [P79]', async () => {
    const { time, open, count } = setup();
    const executor = await open();
    await executor.run('large', { runId: 'a', inputs: { of: 'both' } });
    time.now += DAY;
    await executor.run('large', { runId: 'b', inputs: { of: 'both' } });
    expect(await executor.prune({ maxRuns: 1, memoMaxAgeDays: 0 })).toMatchObject({
      runs: 1,
      memos: 1,
      blobs: 0,
    });
    expect((await executor.report('b')).nodes['a']?.outputs).toMatchObject({ of: 'both' });
    expect(await executor.prune({ maxAgeDays: 0 })).toMatchObject({ runs: 1, blobs: 1 });
    expect(count('dagger_blob_parts')).toBe(0);
  });

  it('leaves paused and running runs alone unless the policy names them, and always those that somebody works on [P78]', async () => {
    const { time, open, ids, sql } = setup();
    const executor = await open({ config: { maxAttempts: 1, onFailure: 'pause' } });
    await executor.run('bad', { runId: 'paused' });
    for (const runId of ['mine', 'elsewhere', 'left']) await executor.start('never', { runId });
    await settle();
    sql("update dagger_runs set owner = 'elsewhere#1#1#1' where id = 'elsewhere'");
    sql("update dagger_runs set owner = null, fence = fence + 1 where id = 'left'");
    time.now += 1;
    await executor.prune({ maxRuns: 0 });
    expect(await ids(executor)).toEqual(['elsewhere', 'left', 'mine', 'paused']);
    const all: RetentionPolicy = { maxAgeDays: 0, maxRuns: 0, statuses: ['paused', 'running'] };
    expect(await executor.prune(all)).toMatchObject({ runs: 2 });
    expect(await ids(executor)).toEqual(['elsewhere', 'mine']);
    time.now += 60_000;
    await executor.prune(all);
    expect(await (await open()).listRuns()).toEqual([]);
  });

  it('of a long journal happens in steps, and one that is cut off is carried on with [P80]', async () => {
    const { open, ids, count, sql } = setup();
    const executor = await open();
    await executor.run('ok', { runId: 'r' });
    await executor.run('ok', { runId: 's' });
    for (let seq = 10; seq < 30; seq++)
      sql(
        `insert into dagger_journal
         with recursive n(i) as (select 0 union all select i + 1 from n where i < 99)
         select 'r', ? + i, '[0]' from n`,
        seq * 100,
      );
    expect(count('dagger_journal')).toBeGreaterThan(2_000);
    sql("update dagger_runs set status = 'deleted' where id = 'r'");
    expect(await ids(executor)).toEqual(['s']);
    await expect(executor.report('r')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await executor.prune({});
    expect(count('dagger_runs')).toBe(1);
    expect(count("dagger_journal where run_id = 'r'")).toBe(0);
    expect(count('dagger_journal')).toBeGreaterThan(0);
    expect((await executor.run('ok', { runId: 'r' })).status).toBe('succeeded');
  });

  it.each([
    [{ maxAgeDays: -1 }, 'maxAgeDays is -1, but must be'],
    [{ maxRuns: 1.5 }, 'maxRuns is 1.5, but must be'],
    [{ memoMaxAgeDays: Number.NaN }, 'memoMaxAgeDays is null, but must be'],
    [{ statuses: ['gone'] }, 'statuses is ["gone"], but must be a list of running'],
  ])('by %j is refused', async (policy, message) => {
    const { open } = setup();
    const executor = await open();
    const error = { code: 'CONFIG_INVALID', message: expect.stringContaining(message) };
    await expect(executor.prune(policy as RetentionPolicy)).rejects.toMatchObject(error);
    await expect(open({ retention: policy as RetentionPolicy })).rejects.toMatchObject(error);
  });

  it('without storage has nothing to do', async () => {
    const executor = await DagExecutor.open({ registry: new ActionRegistry() });
    expect(await executor.prune({ maxRuns: 0 })).toEqual({
      runs: 0,
      memos: 0,
      blobs: 0,
      definitions: 0,
    });
  });
});

describe('an executor with a retention policy', () => {
  it('carries it out when it opens, and after its runs once an hour', async () => {
    const { time, open, ids } = setup();
    const executor = await open({ retention: { maxRuns: 1 } });
    const run = async (runId: string): Promise<string[]> => {
      time.now += 1;
      await executor.run('ok', { runId });
      await settle(50);
      return ids(executor);
    };
    expect(await run('a')).toEqual(['a']);
    expect(await run('b')).toEqual(['a', 'b']);
    time.now += HOUR;
    expect(await run('c')).toEqual(['c']);
    expect(await run('d')).toEqual(['c', 'd']);
    const other = await open({ retention: { maxRuns: 0 } });
    await settle(50);
    expect(await ids(other)).toEqual([]);
  });

  it('logs what goes wrong with it, and works on', async () => {
    const { open, sql } = setup();
    const first = await open();
    await first.run('ok', { runId: 'a' });
    await first.close();
    sql('alter table dagger_blobs rename to gone');
    const lines: string[] = [];
    const executor = await open({
      retention: { maxRuns: 0 },
      logger: (level, message) => void lines.push(`${level} ${message}`),
    });
    await settle(50);
    expect(lines).toEqual(['warn the retention policy could not be carried out']);
    expect((await executor.run('ok')).status).toBe('succeeded');
  });
});
