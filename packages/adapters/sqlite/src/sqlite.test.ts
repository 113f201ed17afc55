import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ActionRegistry, DagExecutor, type Storage } from '@dagger/core';
import BetterSqlite3 from 'better-sqlite3';
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { settle } from '../test/interposed.ts';
import { folder } from '../test/place.ts';
import { sqlite } from './sqlite.ts';

const pragmas = async (
  location: string,
  options?: Parameters<typeof sqlite>[1],
): Promise<Record<string, unknown>> => {
  const storage = sqlite(location, options);
  const read = async (name: string): Promise<unknown> =>
    Object.values(
      (await sql<Record<string, unknown>>`${sql.raw(`pragma ${name}`)}`.execute(storage.db))
        .rows[0] ?? {},
    )[0];
  const found = {
    mode: await read('journal_mode'),
    synchronous: await read('synchronous'),
  };
  await storage.close();
  return found;
};

const refusal = (location: string): unknown => {
  try {
    void sqlite(location).close();
  } catch (error) {
    return error;
  }
  return 'opened';
};

describe('a database file', () => {
  it('is made with its folders, in WAL mode, safe against a crash of the process [P67]', async () => {
    const place = join(folder(), 'deep', 'er', 'runs.db');
    expect(await pragmas(place)).toEqual({ mode: 'wal', synchronous: 1 });
    expect(existsSync(place)).toBe(true);
  });

  it('is opened as its URL says, and options go over the URL [P69] [P70]', async () => {
    const place = join(folder(), 'runs.db');
    expect(await pragmas(`sqlite:${place}?mode=delete&durability=full`)).toEqual({
      mode: 'delete',
      synchronous: 3,
    });
    expect(await pragmas(`sqlite:${place}?durability=full`)).toEqual({
      mode: 'wal',
      synchronous: 2,
    });
    expect(
      await pragmas(`sqlite:${place}?durability=full`, {
        durability: 'off',
      }),
    ).toEqual({ mode: 'wal', synchronous: 0 });
  });

  it('keeps what was written for the next opening; :memory: does not [P72]', async () => {
    const place = join(folder(), 'runs.db');
    const registry = new ActionRegistry([{ name: 'ok', execute: () => ({ n: 1 }) }]);
    const open = async (location: string): Promise<DagExecutor> => {
      const executor = await DagExecutor.open({ registry, storage: sqlite(location) });
      executor.add({ name: 'g', nodes: [{ id: 'a', action: 'ok' }] });
      return executor;
    };
    for (const [location, kept] of [
      [place, true],
      [':memory:', false],
    ] as const) {
      const first = await open(location);
      await first.run('g', { runId: 'r' });
      await first.close();
      const second = await open(location);
      expect((await second.listRuns()).length).toBe(kept ? 1 : 0);
      await second.close();
    }
  });

  it.each([
    [
      'a file that is no database',
      (dir: string) => {
        writeFileSync(join(dir, 'x'), 'This is not a database. '.repeat(100));
        return join(dir, 'x');
      },
    ],
    ['a folder', (dir: string) => dir],
    [
      'a file in a file',
      (dir: string) => {
        writeFileSync(join(dir, 'x'), '');
        return join(dir, 'x', 'runs.db');
      },
    ],
  ])('that is %s is refused, naming it', (_, make) => {
    const place = make(folder());
    expect(refusal(place)).toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining(place),
      cause: expect.any(Error),
    });
  });

  it('that may not be written is refused, naming it', () => {
    const dir = join(folder(), 'closed');
    mkdirSync(dir);
    sqliteFile(join(dir, 'runs.db'));
    chmodSync(join(dir, 'runs.db'), 0o444);
    chmodSync(dir, 0o555);
    chmodSync(join(dir, '..'), 0o755);
    // Whoever is root may write anything, so the try is made by somebody else.
    const program = `const { sqlite } = await import(${JSON.stringify(new URL('./sqlite.ts', import.meta.url).href)}); try { sqlite(process.argv[1]); console.log('opened'); } catch (error) { console.log(error.code + ' ' + error.message); }`;
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['-C', '@dagger/source', '--input-type=module', '-e', program, join(dir, 'runs.db')],
      { ...nobody, cwd: import.meta.dirname, encoding: 'utf8' },
    );
    chmodSync(dir, 0o755);
    expect([stdout, stderr].join('')).toMatch(
      /^STORAGE_FAILED '.*runs\.db' cannot be used as a SQLite database: /,
    );
  });
});

const sqliteFile = (place: string): void => void sqlite(`sqlite:${place}?mode=delete`).close();

describe('storage that was closed', () => {
  it('rejects every call', async () => {
    const storage = sqlite(':memory:');
    await storage.close();
    await expect(storage.db.selectFrom('dagger_runs').selectAll().execute()).rejects.toThrow(Error);
    await expect(storage.transaction(async () => Promise.resolve())).rejects.toThrow(Error);
  });
});

describe('while another connection writes', () => {
  const setup = async (
    url: string,
  ): Promise<{ readonly storage: Storage; readonly other: BetterSqlite3.Database }> => {
    const place = join(folder(), 'runs.db');
    const storage = sqlite(`sqlite:${place}${url}`);
    await DagExecutor.open({ registry: new ActionRegistry(), storage });
    const other = new BetterSqlite3(place);
    other.exec('begin immediate');
    onTestFinished(async () => {
      other.close();
      await storage.close();
    });
    return { storage, other };
  };
  const insert = async (storage: Storage): Promise<unknown> =>
    storage.transaction(async (trx) =>
      trx.insertInto('dagger_definitions').values({ hash: 'h', body: '' }).execute(),
    );

  it('a write waits for it, and the event loop goes on meanwhile [P82]', async () => {
    const { storage, other } = await setup('');
    let written = false;
    const write = insert(storage).then(() => (written = true));
    await settle();
    expect(written).toBe(false);
    other.exec('commit');
    await write;
    expect(await storage.db.selectFrom('dagger_definitions').select('hash').execute()).toHaveLength(
      1,
    );
  });

  it('a write that may not wait rejects [P83]', async () => {
    const { storage } = await setup('?busy_timeout=0');
    await expect(insert(storage)).rejects.toThrow('database is locked');
  });
});

describe('a transaction', () => {
  it('that throws leaves nothing behind, and the next one works', async () => {
    const storage = sqlite(':memory:');
    await storage.migrate({
      name: 'mine',
      migrations: {
        '1': {
          up: async (db) =>
            db.schema
              .createTable('dagger_definitions')
              .addColumn('hash', 'text')
              .addColumn('body', 'text')
              .execute(),
        },
      },
    });
    const insert = async (hash: string, fail: boolean): Promise<void> =>
      storage.transaction(async (trx) => {
        await trx.insertInto('dagger_definitions').values({ hash, body: '' }).execute();
        if (fail) throw new Error('no');
      });
    await expect(insert('a', true)).rejects.toThrow('no');
    await insert('b', false);
    expect(await storage.db.selectFrom('dagger_definitions').select('hash').execute()).toEqual([
      { hash: 'b' },
    ]);
    await storage.close();
  });
});
