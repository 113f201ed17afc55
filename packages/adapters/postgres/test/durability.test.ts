import { ActionRegistry, DagExecutor } from '@dagger/core';
import { sql } from 'kysely';
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

  it('survives that the server ends every connection in the middle of a run, which goes on by itself [P61]', async () => {
    const name = unusedSchema();
    onTestFinished(() => dropSchema(name));
    const ran: string[] = [];
    const registry = new ActionRegistry([
      {
        name: 'ok',
        async execute({ nodeId }) {
          ran.push(nodeId);
          expect(await terminate(name)).toBeGreaterThan(0);
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
    expect(ran).toEqual(['a', 'b', 'c']);
    const { events } = await executor.dump('r');
    expect(events.filter(({ type }) => type === 'NodeCompleted')).toHaveLength(3);
  });
});
