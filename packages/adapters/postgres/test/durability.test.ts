import { ActionRegistry, DagExecutor } from '@dagger/core';
import { sql } from 'kysely';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { postgres } from '../src/index.ts';
import { dropSchema, SERVER, serverIsMissing, terminate, unusedSchema } from './server.ts';

const missing = await serverIsMissing();

const settings = async (url: string): Promise<readonly unknown[]> => {
  const storage = postgres(url);
  const query = sql`select current_setting('synchronous_commit') as commits, current_setting('fsync') as fsync`;
  const read = [
    (await query.execute(storage.db)).rows[0],
    await storage.transaction(async (trx) => (await query.execute(trx)).rows[0]),
  ];
  await storage.close();
  return read;
};

describe.skipIf(missing !== undefined)(`a commit on PostgreSQL (${missing ?? 'server'})`, () => {
  it.each(['on', 'off', 'local'])(
    'is as durable as the server says: synchronous_commit %s is left alone [P71]',
    async (value) => {
      const url = new URL(SERVER);
      url.searchParams.set('options', `-c synchronous_commit=${value}`);
      const expected = { commits: value, fsync: expect.any(String) as string };
      expect(await settings(url.href)).toEqual([expected, expected]);
    },
  );

  it('survives that the server ends its connection while it is under way, and the run goes on by itself [P61]', async () => {
    const name = unusedSchema();
    const [blocker, watcher] = [new Client(SERVER), new Client(SERVER)];
    await Promise.all([blocker.connect(), watcher.connect()]);
    onTestFinished(async () => {
      await Promise.all([blocker.end(), watcher.end()]);
      await dropSchema(name);
    });
    /** Holds the next commit of the run up, ends its connection, and lets go. */
    const breakNextCommit = async (): Promise<void> => {
      await blocker.query(`begin; select id from ${name}.dagger_runs for update`);
      const waits = async (): Promise<boolean> => {
        const { rowCount } = await watcher.query(
          "select 1 from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'",
          [name],
        );
        return rowCount !== 0;
      };
      broken = (async () => {
        while (!(await waits()));
        await terminate(name);
        await blocker.query('rollback');
      })();
    };
    let broken: Promise<void> | undefined;
    const ran: string[] = [];
    const registry = new ActionRegistry([
      {
        name: 'ok',
        async execute({ nodeId }) {
          ran.push(nodeId);
          if (nodeId === 'b') await breakNextCommit();
        },
      },
    ]);
    const storage = postgres({ url: SERVER, schema: name, applicationName: name });
    const executor = await DagExecutor.open({ registry, storage, config: { maxAttempts: 1 } });
    onTestFinished(() => executor.close());
    executor.add({
      name: 'g',
      nodes: ['a', 'b', 'c'].map((id, i, all) => ({
        id,
        action: 'ok',
        dependencies: i === 0 ? [] : [all[i - 1] as string],
      })),
    });
    const report = await executor.run('g', { runId: 'r' });
    expect(report).toMatchObject({ status: 'succeeded', counts: { succeeded: 3 } });
    expect(broken).toBeDefined();
    await broken;
    expect(ran).toEqual(['a', 'b', 'c']);
    const { events } = await executor.dump('r');
    expect(events.filter(({ type }) => type === 'NodeCompleted')).toHaveLength(3);
  });
});
