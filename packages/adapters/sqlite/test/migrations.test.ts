import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ActionRegistry, DagExecutor } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';
import { file } from './place.ts';

const registry = new ActionRegistry([{ name: 'ok', execute: () => {} }]);
const graph = { name: 'g', nodes: [{ id: 'a', action: 'ok' }] };

describe('migrations', () => {
  it('run once, however often the file is opened', async () => {
    const place = file();
    const counts: number[] = [];
    const storage = sqlite(place);
    const set = {
      name: 'mine',
      migrations: {
        '0001_a': {
          up: async () => {
            counts.push(1);
            await Promise.resolve();
          },
        },
      },
    };
    await storage.migrate(set);
    await storage.migrate(set);
    await storage.close();
    const again = sqlite(place);
    await again.migrate(set);
    await again.migrate({
      ...set,
      migrations: {
        ...set.migrations,
        '0002_b': {
          up: async () => {
            counts.push(2);
            await Promise.resolve();
          },
        },
      },
    });
    await again.close();
    expect(counts).toEqual([1, 2]);
  });

  it('that fail say so, leave nothing behind, and may be tried again [P86]', async () => {
    const storage = sqlite('sqlite::memory:');
    const set = (broken: boolean): Parameters<typeof storage.migrate>[0] => ({
      name: 'mine',
      migrations: {
        '0001_a': {
          up: async (db) => {
            await db.schema.createTable('half').addColumn('id', 'integer').execute();
            if (broken) throw new Error('no');
          },
        },
      },
    });
    await expect(storage.migrate(set(true))).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('mine'),
    });
    await storage.migrate(set(false));
    await storage.close();
  });

  it('from two connections of one process at the same time both end well', async () => {
    const place = file();
    const executors = await Promise.all(
      [1, 2].map(async () =>
        DagExecutor.open({ registry, storage: sqlite(place, { busyTimeout: 200 }) }),
      ),
    );
    for (const executor of executors) {
      executor.add(graph);
      expect((await executor.run('g')).status).toBe('succeeded');
    }
    for (const executor of executors) await executor.close();
  });

  it('from several processes at the same time all end well [P85]', async () => {
    const place = file();
    const program = `
      import { ActionRegistry, DagExecutor } from '@dagger/core';
      import { sqlite } from '@dagger/sqlite';
      const registry = new ActionRegistry([{ name: 'ok', execute: () => {} }]);
      process.stdout.write('ready');
      await new Promise((resolve) => process.stdin.once('data', resolve));
      const executor = await DagExecutor.open({ registry, storage: sqlite(process.argv[1]) });
      executor.add(${JSON.stringify(graph)});
      process.stdout.write((await executor.run('g')).status);
      await executor.close();
      process.exit(0);
    `;
    const children = [1, 2, 3].map(() =>
      spawn(
        process.execPath,
        [
          '-C',
          '@dagger/source',
          '--input-type=module',
          '-e',
          program.replace(
            "'@dagger/sqlite'",
            `'${new URL('../src/index.ts', import.meta.url).href}'`,
          ),
          place,
        ],
        { cwd: new URL('..', import.meta.url), stdio: ['pipe', 'pipe', 'pipe'] },
      ),
    );
    const told = children.map((child) => {
      const text = { out: '', err: '' };
      child.stdout.on('data', (data) => (text.out += String(data)));
      child.stderr.on('data', (data) => (text.err += String(data)));
      return text;
    });
    await Promise.all(children.map(async (child) => once(child.stdout, 'data')));
    for (const child of children) child.stdin.end('go');
    await Promise.all(children.map(async (child) => once(child, 'close')));
    expect(told).toEqual(children.map(() => ({ out: 'readysucceeded', err: '' })));
  });
});

describe('two executors of one process on one file', () => {
  it('run side by side without disturbing each other', async () => {
    const place = file();
    const open = async (): Promise<DagExecutor> =>
      DagExecutor.open({ registry, storage: sqlite(place, { busyTimeout: 200 }) });
    const executors = [await open(), await open()];
    for (const executor of executors)
      executor.add({
        name: 'g',
        nodes: Array.from({ length: 40 }, (_, i) => ({
          id: `n${i}`,
          action: 'ok',
          dependencies: i === 0 ? [] : [`n${i - 1}`],
        })),
      });
    const runs = executors.flatMap((executor) =>
      Array.from({ length: 10 }, async () => executor.run('g')),
    );
    const results = await Promise.allSettled(runs);
    expect(
      results.map((result) =>
        result.status === 'fulfilled' ? result.value.status : String(result.reason),
      ),
    ).toEqual(runs.map(() => 'succeeded'));
    for (const executor of executors) await executor.close();
  });
});
