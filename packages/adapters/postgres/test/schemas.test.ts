import { ActionRegistry, DagExecutor, type Storage } from '@dagger/core';
import { sql, type Kysely } from 'kysely';
import { types } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { postgres, type PostgresOptions } from '../src/index.ts';
import { lockMigrations } from '../src/migration-lock.ts';
import { dropSchema, SERVER, serverIsMissing, unusedSchema } from './server.ts';

const missing = await serverIsMissing();

const registry = new ActionRegistry([{ name: 'ok', execute: () => ({ done: true }) }]);
const graph = {
  name: 'g',
  nodes: Array.from({ length: 20 }, (_, i) => ({ id: `n${i}`, action: 'ok' })),
};

const open = async (options: PostgresOptions | Storage): Promise<DagExecutor> => {
  const storage = 'db' in options ? options : postgres(options);
  const executor = await DagExecutor.open({ registry, storage });
  executor.add(graph);
  onTestFinished(() => executor.close());
  return executor;
};

/** A schema that is gone when the test is. */
const schema = (): string => {
  const name = unusedSchema();
  onTestFinished(() => dropSchema(name));
  return name;
};

describe.skipIf(missing !== undefined)(`PostgreSQL (${missing ?? 'server'})`, () => {
  it('keeps schemas of one database apart', async () => {
    const [one, two] = [
      await open({ url: SERVER, schema: schema() }),
      await open({ url: SERVER, schema: schema() }),
    ];
    await one.run('g', { runId: 'r' });
    expect(await one.listRuns()).toHaveLength(1);
    expect(await two.listRuns()).toEqual([]);
  });

  it('needs one connection only', async () => {
    const executor = await open({ url: SERVER, schema: schema(), max: 1 });
    const runs = await Promise.all([1, 2, 3].map(async () => executor.run('g')));
    expect(runs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  });

  it('is opened without writing anything when its tables are up to date', async () => {
    const name = schema();
    await (await open({ url: SERVER, schema: name })).run('g', { runId: 'r' });
    const readOnly = new URL(SERVER);
    readOnly.searchParams.set('options', '-c default_transaction_read_only=on');
    const storage = postgres({ url: readOnly.href, schema: name });
    const reader = await open(storage);
    expect((await reader.report('r')).status).toBe('succeeded');
    // The engine would try for a while.
    await expect(storage.db.deleteFrom('dagger_runs').execute()).rejects.toThrow(/read-only/);
  });

  it('is opened without waiting for those who make tables when its own are up to date', async () => {
    const name = schema();
    await open({ url: SERVER, schema: name });
    const busy = postgres(SERVER);
    onTestFinished(() => busy.close());
    await busy.transaction(async (trx) => {
      await lockMigrations(trx as unknown as Kysely<never>);
      const executor = await open({ url: SERVER, schema: name });
      expect(await executor.listRuns()).toEqual([]);
    });
  });

  it('runs at READ COMMITTED whatever the database says', async () => {
    const url = new URL(SERVER);
    url.searchParams.set('options', '-c default_transaction_isolation=serializable');
    const storage = postgres(url.href);
    onTestFinished(() => storage.close());
    const level = sql<{ readonly level: string }>`
      select current_setting('transaction_isolation') as level`;
    const seen = [
      await level.execute(storage.db),
      await storage.transaction(async (trx) => level.execute(trx)),
    ];
    expect(seen.map(({ rows }) => rows[0]?.level)).toEqual(['read committed', 'read committed']);
  });

  it('leaves the number parsers of the process alone', async () => {
    await open({ url: SERVER, schema: schema() });
    expect(types.getTypeParser(types.builtins.INT8)('9007199254740993')).toBe('9007199254740993');
  });
});
