import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DagExecutor, type Clock } from '@dagger/core';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqlite } from '../src/index.ts';
import { GOLDEN, goldenRegistry, LARGE_TEXT } from './golden/write.ts';
import { file } from './place.ts';

/** A copy of a golden file. */
const copyOf = (name: string): string => {
  const place = file();
  copyFileSync(join(GOLDEN, name), place);
  return place;
};

const open = async (place: string, clock?: Clock): Promise<DagExecutor> => {
  const executor = await DagExecutor.open({
    registry: goldenRegistry({ broken: false }),
    storage: sqlite(place),
    ...(clock === undefined ? {} : { clock }),
  });
  onTestFinished(async () => executor.close());
  return executor;
};

/** What `sqlite_master` says of a file, in an order and a spelling of its own. */
const schemaOf = (place: string): string[] => {
  const database = new BetterSqlite3(place, { readonly: true });
  try {
    return database
      .prepare("select type || ' ' || name || ': ' || coalesce(sql, '') from sqlite_master")
      .pluck()
      .all()
      .map(String)
      .toSorted();
  } finally {
    database.close();
  }
};

const goldens = readdirSync(GOLDEN)
  .filter((name) => name.endsWith('.db'))
  .toSorted();

describe.each(goldens)('a database as an earlier version left it, %s', (name) => {
  it('is brought to the tables of a new one: no migration that was released has changed [P84]', async () => {
    const [old, fresh] = [copyOf(name), file()];
    for (const place of [old, fresh]) await (await open(place)).close();
    expect(schemaOf(old)).toEqual(schemaOf(fresh));
    const database = new BetterSqlite3(join(GOLDEN, name), { readonly: true });
    const ran = database
      .prepare('select name from dagger_core_migrations')
      .pluck()
      .all()
      .map(String);
    database.close();
    // The file is named for the last migration that it has.
    expect(ran.toSorted((a, b) => (a < b ? -1 : 1)).at(-1)).toMatch(
      new RegExp(`^${name.split('_')[0]}_`),
    );
  });

  it('lists its runs', async () => {
    const runs = await (await open(copyOf(name))).listRuns();
    expect(runs.toSorted((a, b) => (a.runId < b.runId ? -1 : 1))).toMatchObject([
      { runId: 'cut-off', dag: 'cut-off', status: 'running', counts: null, owned: false },
      {
        runId: 'paused',
        dag: 'failing',
        status: 'paused',
        error: { message: 'on purpose' },
        counts: { total: 4, succeeded: 2, failed: 1, skipped: 1 },
      },
      { runId: 'succeeded', dag: 'fine', status: 'succeeded', counts: { total: 5, succeeded: 5 } },
    ]);
  });

  it('reports them as they were', async () => {
    const executor = await open(copyOf(name));
    const outputs = async (runId: string): Promise<unknown[]> =>
      Object.entries((await executor.report(runId)).nodes).map(
        ([id, { status, outputs: own }]) => `${id} ${status} ${Number(own?.['value'] ?? 0)}`,
      );
    expect(await outputs('succeeded')).toEqual([
      'a succeeded 2',
      'b succeeded 3',
      'c succeeded 4',
      'd succeeded 1',
      'grown succeeded 1',
    ]);
    expect(await outputs('paused')).toEqual([
      'a succeeded 2',
      'b succeeded 3',
      'c failed 0',
      'd skipped 0',
    ]);
    expect((await executor.report('paused')).nodes['c']).toMatchObject({
      attempts: 3,
      error: { message: 'on purpose' },
      retries: [{}, {}],
    });
    expect(await executor.report('cut-off')).toMatchObject({
      status: 'running',
      nodes: { b: { cached: true, outputs: { value: 3 } }, c: { status: 'running' } },
      pausedBranches: [{ nodeId: 'd', reason: 'look first' }],
    });
  });

  it('has runs that can be resumed to their end [P84]', async () => {
    const executor = await open(copyOf(name));
    expect(await executor.resume('paused')).toMatchObject({
      status: 'succeeded',
      nodes: { a: { outputs: { value: 2 } }, c: { attempts: 4 }, d: { status: 'succeeded' } },
    });
    const run = await executor.startResume('cut-off');
    await run.send({ type: 'ResumeBranch', branchId: 'd' });
    expect(await run.done).toMatchObject({ status: 'succeeded', counts: { succeeded: 5 } });
    expect((await executor.resume('succeeded')).status).toBe('succeeded');
  });

  it('has results that later runs use', async () => {
    const executor = await open(copyOf(name));
    const report = await executor.run(await executor.runGraph('paused'), { inputs: { start: 1 } });
    expect(report.nodes['b']).toMatchObject({ cached: true, outputs: { value: 3 } });
  });
});

describe('a database with large values, as an earlier version left it', () => {
  it.each(goldens.filter((name) => name > '0002'))('%s gives them back', async (name) => {
    const executor = await open(copyOf(name));
    const report = await executor.report('cut-off');
    expect(report.nodes['a']?.outputs).toEqual({ value: 2, text: LARGE_TEXT });
    const database = new BetterSqlite3(copyOf(name), { readonly: true });
    const [row] = database.prepare('select count(*) as blobs from dagger_blobs').all();
    database.close();
    expect(row).toEqual({ blobs: 1 });
  });
});
