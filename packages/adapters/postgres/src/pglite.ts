import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DaggerError, type CoreTables, type Storage, type StorageAbilities } from '@dagger/core';
import { PGlite, types } from '@electric-sql/pglite';
import { Kysely, sql } from 'kysely';
import { cannotOpen } from './cannot-open.ts';
import { channelOf } from './channel.ts';
import { lockFolder } from './folder-lock.ts';
import { migrate } from './migrate.ts';
import { turnTakingDialect } from './pglite-dialect.ts';
import { isPermanent } from './permanent.ts';
import { UnderWay } from './under-way.ts';

// It has one connection, so nothing waits for a lock; but the SQL is that of a server, and so is what it answers.
const ABILITIES: StorageAbilities = {
  skipLocked: true,
  notify: true,
  rowLocks: true,
  binaryType: 'bytea',
  byteOrder: 'C',
  jsonEach: 'json_array_elements',
};

const folderOf = (location: string): string | undefined => {
  const folder = location.startsWith('pglite:') ? location.slice('pglite:'.length) : location;
  if (folder === '')
    throw new DaggerError(
      'STORAGE_URL',
      `'${location}': there is no folder; use pglite:folder or pglite::memory:`,
    );
  return folder === ':memory:' ? undefined : folder;
};

const open = (folder: string | undefined): PGlite => {
  const parsers = { [types.INT8]: (text: string): number => Number(text) };
  if (folder === undefined) return new PGlite({ parsers });
  return new PGlite({ dataDir: folder, parsers });
};

/**
 * Storage in PGlite, a PostgreSQL inside of this process: in a folder, which one process may use at a time, or in
 * memory (`:memory:`, the default). Takes a path or a URL such as `pglite:runs` or `pglite::memory:`. It has one
 * connection: transactions and queries take turns.
 * @throws DaggerError STORAGE_URL; every call rejects with STORAGE_FAILED when the folder cannot be used
 */
export const pglite = (location: string = ':memory:'): Storage => {
  const folder = folderOf(location);
  const name = folder ?? ':memory:';
  const unlock = folder === undefined ? (): void => {} : taken(folder);
  const instance = started(folder, name, unlock);
  const underWay = new UnderWay(name);
  const db = new Kysely<CoreTables>({ dialect: turnTakingDialect(instance, name, underWay) });
  const channel = (topic: string): string => channelOf('public', topic);
  let closing: Promise<void> | undefined;
  return {
    db,
    location: name,
    abilities: ABILITIES,
    migrate: (set) => migrate(db, set, ABILITIES, undefined),
    isPermanent,
    transaction: (work) => db.transaction().execute(work),
    async subscribe(topic, wake) {
      underWay.enter();
      let stop: () => Promise<void>;
      try {
        stop = await instance.listen(channel(topic), () => wake());
      } catch (cause) {
        throw cannotOpen(name, cause);
      } finally {
        underWay.leave();
      }
      return async () => {
        if (!instance.closed) await stop();
      };
    },
    async notify(on, topic) {
      await sql`select pg_notify(${channel(topic)}, '')`.execute(on);
    },
    close: async () =>
      (closing ??= underWay
        .drain()
        .then(() => end(instance))
        .finally(unlock)),
  };
};

/** @throws DaggerError STORAGE_FAILED when another process has it, or there can be no such folder */
const taken = (folder: string): (() => void) => {
  let unlock = (): void => {};
  try {
    mkdirSync(dirname(resolve(folder)), { recursive: true });
    unlock = lockFolder(folder);
    // PGlite makes a whole database before it notices that it cannot put it there.
    mkdirSync(resolve(folder), { recursive: true });
    return unlock;
  } catch (cause) {
    unlock();
    throw cannotOpen(folder, cause);
  }
};

const started = (folder: string | undefined, name: string, unlock: () => void): PGlite => {
  try {
    const instance = open(folder);
    // Whoever uses it first is told.
    instance.waitReady.catch(() => {});
    return instance;
  } catch (cause) {
    unlock();
    throw cannotOpen(name, cause);
  }
};

/** An instance that could not start has nothing to close. */
const end = async (instance: PGlite): Promise<void> => {
  const isRunning = await instance.waitReady.then(
    () => true,
    () => false,
  );
  if (isRunning) await instance.close();
};
