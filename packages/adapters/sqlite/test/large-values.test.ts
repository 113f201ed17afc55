import {
  ActionRegistry,
  Cache,
  DagExecutor,
  type EventHook,
  type NodeDefinition,
  type RunReport,
} from '@dagger/core';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqlite } from '../src/index.ts';
import { file } from './place.ts';

const LARGE = 'lorem ipsum '.repeat(2_000);
const long = (mark: string): string => mark + LARGE;

type Sql = <T>(text: string, ...values: unknown[]) => T[];

const setup = (): {
  readonly ran: string[];
  readonly world: { broken: boolean };
  readonly open: (options?: { readonly maxEntries?: number }) => Promise<DagExecutor>;
  readonly run: (
    nodes: readonly NodeDefinition[],
    options?: Parameters<DagExecutor['run']>[1],
  ) => Promise<RunReport>;
  readonly sql: Sql;
} => {
  const place = file();
  const ran: string[] = [];
  const world = { broken: true };
  const registry = new ActionRegistry([
    {
      name: 'large',
      execute: ({ nodeId }) => {
        ran.push(nodeId);
        return { text: LARGE };
      },
    },
    {
      name: 'share',
      execute: ({ cache, nodeId }) => {
        ran.push(nodeId);
        cache.insertGlobal('shared', 'text', long('shared'));
        return { small: 1 };
      },
    },
    {
      name: 'measure',
      execute: ({ inputs, cache }) => ({
        length: String(inputs['text']).length,
        shared: String(cache.getGlobal('shared', 'text') ?? '').length,
      }),
    },
    {
      name: 'break',
      execute: () => {
        if (world.broken) throw new Error('broken');
      },
    },
  ]);
  const open = async (cacheLimits = {}): Promise<DagExecutor> => {
    const executor = await DagExecutor.open({
      registry,
      storage: sqlite(place),
      cacheLimits,
      config: { maxAttempts: 1, maxParallelNodes: 1, onFailure: 'continue' },
    });
    onTestFinished(async () => executor.close().catch(() => {}));
    return executor;
  };
  return {
    ran,
    world,
    open,
    run: async (nodes, options) => {
      const executor = await open();
      executor.add({ name: 'g', nodes });
      const report = (await executor.run('g', { runId: 'r', ...options })).settle();
      await executor.close();
      return report;
    },
    sql: (text, ...values) => {
      const database = new BetterSqlite3(place);
      try {
        const statement = database.prepare(text);
        if (statement.reader) return statement.all(...values) as never[];
        statement.run(...values);
        return [];
      } finally {
        database.close();
      }
    },
  };
};

const plain = (report: RunReport): unknown => JSON.parse(JSON.stringify(report));

describe('a large value', () => {
  it('of whatever kind is kept outside of the journal, and read back as it was', async () => {
    const { run, open, sql, world } = setup();
    const hook: EventHook = {
      onStart: () => [
        { type: 'EmitEvent', event: { text: long('event') } },
        { type: 'SetNodeInputs', nodeId: 'm', inputs: { text: long('inputs') } },
        {
          type: 'AddNode',
          spec: { id: 'grown', action: 'measure', inputs: { text: long('grown') } },
        },
      ],
    };
    const cache = new Cache();
    cache.insertGlobal('begin', 'text', long('cache'));
    const report = await run(
      [
        { id: 'l', action: 'large' },
        { id: 's', action: 'share' },
        { id: 'm', action: 'measure', dependencies: ['s'] },
        { id: 'f', action: 'break', dependencies: ['m'], failure: 'large' },
      ],
      { hooks: [hook], cache, inputs: { text: long('input') } },
    );
    expect(report.node('m')?.outputs).toEqual({
      length: long('inputs').length,
      shared: long('shared').length,
    });
    expect(report.node('grown')?.outputs).toMatchObject({ length: long('grown').length });
    const rows = sql<{ body: string }>(
      'select body from dagger_journal union all select cache as body from dagger_runs',
    );
    expect(Math.max(...rows.map(({ body }) => body.length))).toBeLessThan(2_000);
    const second = await open();
    expect(plain((await second.report('r')).settle())).toEqual(plain(report));
    world.broken = false;
    const resumed = await second.resume('r');
    expect(resumed.status).toBe('succeeded');
    expect(resumed.node('l')?.outputs).toEqual({ text: LARGE });
  });

  it('is stored once, compressed, however many nodes and runs have it', async () => {
    const { run, sql } = setup();
    const nodes = Array.from({ length: 5 }, (_, i) => ({ id: `n${i}`, action: 'large' }));
    await run(nodes);
    await run(nodes, { runId: 's' });
    expect(
      sql(
        `select count(*) as count, sum(bytes) as bytes, sum(length(body)) < bytes / 10 as packed
         from dagger_blobs join dagger_blob_parts using (hash)`,
      ),
    ).toEqual([{ count: 1, bytes: JSON.stringify({ text: LARGE }).length, packed: 1 }]);
    expect(sql('select run_id from dagger_blob_refs order by run_id')).toEqual([
      { run_id: 'r' },
      { run_id: 's' },
    ]);
  });

  it('of a result for later runs is found by them', async () => {
    const { run, ran, sql } = setup();
    const nodes = [{ id: 'l', action: 'large', cacheStrategy: 'always' as const }];
    await run(nodes);
    const [memo] = sql<{ outputs: string }>('select outputs from dagger_memo');
    expect(memo?.outputs).toMatch(/^sha256:[0-9a-f]{64}$/);
    const report = await run(nodes, { runId: 's' });
    expect(report.node('l')).toMatchObject({ cached: true, outputs: { text: LARGE } });
    expect(ran).toEqual(['l']);
    sql('delete from dagger_blob_parts');
    sql('delete from dagger_blobs');
    await run(nodes, { runId: 't' });
    expect(ran).toEqual(['l', 'l']);
  });

  it.each([
    ['missing', 'delete from dagger_blobs'],
    ['damaged', 'delete from dagger_blob_parts'],
    ['damaged', "update dagger_blob_parts set body = x'00'"],
    ['damaged', "update dagger_blobs set encoding = 'rot13'"],
    ['damaged', `update dagger_blobs set encoding = 'json'`],
  ])(
    'that is %s in the database (%s) is told with the run and the hash [P74]',
    async (what, damage) => {
      const { run, open, sql } = setup();
      await run([{ id: 'l', action: 'large' }]);
      const [row] = sql<{ hash: string }>('select hash from dagger_blobs');
      sql(damage);
      const executor = await open();
      await expect(executor.report('r')).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
        message: expect.stringMatching(
          new RegExp(`a large value of run 'r' is ${what} in .*${row?.hash}`),
        ),
        ids: { runId: 'r' },
      });
    },
  );

  it('that the cache had to drop is loaded again from its place, also in a later session', async () => {
    const { open, world } = setup();
    const first = await open({ maxEntries: 1 });
    first.add({
      name: 'g',
      nodes: [
        { id: 'l', action: 'large' },
        { id: 's', action: 'share', dependencies: ['l'] },
        { id: 'f', action: 'break', dependencies: ['s'] },
        {
          id: 'm',
          action: 'measure',
          dependencies: ['f'],
          inputs: [{ name: 'text', reference: 'l.text' }],
        },
      ],
    });
    await first.run('g', { runId: 'r' });
    await first.close();
    world.broken = false;
    const second = await open({ maxEntries: 1 });
    const report = await second.resume('r');
    expect(report.node('m')?.outputs).toMatchObject({ length: LARGE.length });
  });
});
