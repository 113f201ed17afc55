import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { ActionRegistry, DagExecutor, type Clock } from '@dagger/core';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqlite } from '../src/index.ts';
import { settle } from './interposed.ts';
import { file } from './place.ts';

/** A file, executors on it, and a hand on its rows. Node `w` of graph `g` waits for `release`. */
const setup = (): {
  readonly ran: string[];
  readonly signals: AbortSignal[];
  readonly release: () => void;
  readonly open: (clock?: Clock) => Promise<DagExecutor>;
  readonly sql: (text: string, ...values: unknown[]) => unknown;
} => {
  const place = file();
  const ran: string[] = [];
  const signals: AbortSignal[] = [];
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const open = async (clock?: Clock): Promise<DagExecutor> => {
    const registry = new ActionRegistry([
      { name: 'ok', execute: ({ nodeId }) => void ran.push(nodeId) },
      {
        name: 'wait',
        execute: async ({ nodeId, signal }) => {
          ran.push(nodeId);
          signals.push(signal);
          await released;
        },
      },
    ]);
    const executor = await DagExecutor.open({
      registry,
      storage: sqlite(place),
      ...(clock === undefined ? {} : { clock }),
    });
    executor.add({
      name: 'g',
      nodes: [
        { id: 'a', action: 'ok' },
        { id: 'w', action: 'wait', dependencies: ['a'] },
        { id: 'b', action: 'ok', dependencies: ['w'] },
      ],
    });
    onTestFinished(async () => executor.close().catch(() => {}));
    return executor;
  };
  const sql = (text: string, ...values: unknown[]): unknown => {
    const database = new BetterSqlite3(place);
    try {
      const statement = database.prepare(text);
      return statement.reader ? statement.all(...values) : statement.run(...values);
    } finally {
      database.close();
    }
  };
  return { ran, signals, release: () => release(), open, sql };
};

const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; i < 1_000 && !condition(); i++) await settle(1);
  expect(condition()).toBe(true);
};

const deadOwner = (): string => `${hostname()}#${spawnSync(process.execPath, ['-e', '']).pid}#gone`;

describe('a run that a living process works on', () => {
  it('is refused to another executor, and goes on [P52]', async () => {
    const { open, ran, release } = setup();
    const [first, second] = [await open(), await open()];
    const run = await first.start('g', { runId: 'r' });
    await until(() => ran.length === 2);
    for (const attempt of [
      second.run('g', { runId: 'r' }),
      second.resume('r'),
      second.start('g', { runId: 'r' }),
    ])
      await expect(attempt).rejects.toMatchObject({
        code: 'RUN_OWNED',
        recoverable: true,
        ids: { runId: 'r' },
      });
    release();
    expect((await run.done).status).toBe('succeeded');
    expect(ran).toEqual(['a', 'w', 'b']);
    expect((await second.run('g', { runId: 'r' })).status).toBe('succeeded');
    expect(ran).toHaveLength(3);
  });

  it('can be looked at by another executor [P52]', async () => {
    const { open, ran } = setup();
    const [first, second] = [await open(), await open()];
    await first.start('g', { runId: 'r' });
    await until(() => ran.length === 2);
    expect((await second.report('r')).counts).toMatchObject({
      succeeded: 1,
      running: 1,
      pending: 1,
    });
    expect(await second.listRuns()).toMatchObject([
      { runId: 'r', dag: 'g', status: 'running', owned: true },
    ]);
  });
});

describe('a run whose process is gone', () => {
  it('is free at once when the process is known to be dead, and completed nodes do not run again [P11]', async () => {
    const { open, ran, sql, release } = setup();
    await (await open()).start('g', { runId: 'r' });
    await until(() => ran.length === 2);
    sql('update dagger_runs set owner = ?', deadOwner());
    release();
    const second = await open();
    expect(await second.listRuns()).toMatchObject([{ status: 'running', owned: false }]);
    expect((await second.resume('r')).counts).toMatchObject({ succeeded: 3 });
    expect(ran.filter((id) => id === 'a')).toHaveLength(1);
    expect(ran.filter((id) => id === 'w')).toHaveLength(2);
  });

  it('is free when its lease has run out, on whatever host it was [P55]', async () => {
    const { open, ran, sql, release } = setup();
    await (await open()).start('g', { runId: 'r' });
    await until(() => ran.length === 2);
    sql("update dagger_runs set owner = 'elsewhere#1#x'");
    await expect((await open()).resume('r')).rejects.toMatchObject({
      code: 'RUN_OWNED',
      message: expect.stringContaining('process 1 on elsewhere'),
    });
    release();
    const later = await open({ now: () => Date.now() + 60_000, after: () => () => {} });
    expect((await later.resume('r')).status).toBe('succeeded');
  });

  it('is trusted for 15 seconds without a sign of life, and not for a millisecond longer [P55]', async () => {
    const { open, ran, sql, release } = setup();
    const start = Date.now();
    const at = (now: number): Clock => ({ now: () => now, after: () => () => {} });
    await (await open(at(start))).start('g', { runId: 'r' });
    await until(() => ran.length === 2);
    sql("update dagger_runs set owner = 'elsewhere#1#x'");
    await expect((await open(at(start + 15_000))).resume('r')).rejects.toMatchObject({
      code: 'RUN_OWNED',
    });
    release();
    const later = await open(at(start + 15_001));
    expect((await later.resume('r')).status).toBe('succeeded');
  });

  it('is presumed to be worked on until its lease ends when another process has the number by now [P91]', async () => {
    const { open, ran, sql, release } = setup();
    await (await open()).start('g', { runId: 'r' });
    await until(() => ran.length === 2);
    sql('update dagger_runs set owner = ?', `${hostname()}#${process.ppid}#0#gone`);
    release();
    await expect((await open()).resume('r')).rejects.toMatchObject({ code: 'RUN_OWNED' });
    const later = await open({ now: () => Date.now() + 60_000, after: () => () => {} });
    expect((await later.resume('r')).status).toBe('succeeded');
  });

  it('is claimed by one of several [P53]', async () => {
    const { open, sql, ran, release } = setup();
    await (await open()).start('g', { runId: 'r' });
    await until(() => ran.length === 2);
    // The fence is raised too, so that the first process, which lives on, can start nothing more.
    sql('update dagger_runs set owner = null, lease_until = 0, fence = fence + 1');
    release();
    const others = await Promise.all(Array.from({ length: 4 }, async () => open()));
    const results = await Promise.allSettled(others.map(async (executor) => executor.resume('r')));
    const won = results.filter(({ status }) => status === 'fulfilled');
    const codes = results.flatMap((result) =>
      result.status === 'rejected' ? [(result.reason as { code: string }).code] : [],
    );
    expect(won.length).toBeGreaterThanOrEqual(1);
    expect(new Set(codes)).toEqual(new Set(codes.length > 0 ? ['RUN_OWNED'] : []));
    expect(ran.filter((id) => id === 'b')).toHaveLength(1);
  });

  it('that closed its executor is free at once [P60]', async () => {
    const { open, ran, release } = setup();
    const first = await open();
    const run = await first.start('g', { runId: 'r' });
    await until(() => ran.length === 2);
    await first.close();
    await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST', recoverable: true });
    release();
    expect((await (await open()).resume('r')).status).toBe('succeeded');
  });
});

describe('a run that another process took over', () => {
  it('is lost to its first process, which aborts its actions and writes nothing more [P57]', async () => {
    const { open, ran, sql, release } = setup();
    const run = await (await open()).start('g', { runId: 'r' });
    await until(() => ran.length === 2);
    sql('update dagger_runs set fence = fence + 1');
    const rows = sql('select count(*) as n from dagger_journal');
    const row = sql('select * from dagger_runs');
    release();
    await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST', ids: { runId: 'r' } });
    await settle();
    expect(sql('select count(*) as n from dagger_journal')).toEqual(rows);
    expect(sql('select * from dagger_runs')).toEqual(row);
    expect(ran).toEqual(['a', 'w']);
  });

  it('is noticed by the heartbeat while nothing else happens [P59]', async () => {
    const beats: (() => void)[] = [];
    const clock: Clock = {
      now: () => Date.now(),
      after: (ms, wake) => {
        if (ms <= 15_000) beats.push(wake);
        return () => {};
      },
    };
    const { open, ran, signals, sql } = setup();
    const run = await (await open(clock)).start('g', { runId: 'r' });
    await until(() => ran.length === 2);
    sql('update dagger_runs set fence = fence + 1');
    for (const beat of beats.splice(0)) beat();
    await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST' });
    expect(signals[0]?.aborted).toBe(true);
  });

  it('is kept by the heartbeat otherwise [P56]', async () => {
    let now = Date.now();
    const beats: (() => void)[] = [];
    const pauses = new Set<number>();
    const clock: Clock = {
      now: () => now,
      after: (ms, wake) => {
        // The inbox is looked at more often.
        if (ms > 500) pauses.add(ms);
        if (ms <= 15_000) beats.push(wake);
        return () => {};
      },
    };
    const { open, ran, sql } = setup();
    await (await open(clock)).start('g', { runId: 'r' });
    await until(() => ran.length === 2);
    for (let i = 0; i < 5; i++) {
      now += 5_000;
      for (const beat of beats.splice(0)) beat();
      await settle();
    }
    expect([...pauses].filter((ms) => ms <= 15_000)).toEqual([5_000]);
    expect(sql('select lease_until > ? as kept from dagger_runs', now)).toEqual([{ kept: 1 }]);
    await expect(
      (await open({ ...clock, after: () => () => {} })).resume('r'),
    ).rejects.toMatchObject({ code: 'RUN_OWNED' });
  });
});
