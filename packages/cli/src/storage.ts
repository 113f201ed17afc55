import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  ActionRegistry,
  DagExecutor,
  DaggerError,
  type ExecutorOptions,
  type Storage,
} from '@dagger/core';
import { InvalidCommandLine } from './invalid-command-line.ts';
import { reasonOf } from './reason.ts';
import { storageAt } from './storage-adapter.ts';
import { pathOf, storageUrl } from './storage-url.ts';

/** Before a run begins, storage that fails is storage that was named wrongly. */
export const usable = async <T>(open: () => Promise<T>): Promise<T> => {
  try {
    return await open();
  } catch (error) {
    if (error instanceof DaggerError && error.code === 'STORAGE_FAILED')
      throw new InvalidCommandLine(`${error.code}: ${error.message}`, { cause: error });
    throw error;
  }
};

/** An executor that keeps its runs where `--storage` says; without it, in memory. */
export const openExecutor = (
  storage: string | undefined,
  options: ExecutorOptions,
): Promise<DagExecutor> =>
  storage === undefined || storage === ''
    ? DagExecutor.open(options)
    : usable(async () =>
        DagExecutor.open({ ...options, storage: await storageAt(storageUrl(storage)) }),
      );

/** An executor on storage that must be there already: a mistyped path must not become an empty database. */
export const openExisting = async (
  storage: string | undefined,
  options: ExecutorOptions = { registry: new ActionRegistry() },
): Promise<DagExecutor> => {
  const opened = await existingStorage(storage, RUNS);
  return usable(() => DagExecutor.open({ ...options, storage: opened }));
};

/** What a database must have, and how people call it. */
export interface Contents {
  readonly table: 'dagger_runs' | 'dagger_jobs' | 'dagger_pubsub_messages';
  readonly things: string;
  readonly example: string;
  /** What was not done where it is missing. */
  readonly never: string;
}

const RUNS: Contents = {
  table: 'dagger_runs',
  things: 'runs',
  example: 'sqlite:runs.db',
  never: 'nothing was run on it yet',
};

/** @throws InvalidCommandLine when nothing is said, which is no place */
export const placeOf = (storage: string | undefined, { things, example }: Contents): string => {
  if (storage === undefined || storage === '')
    throw new InvalidCommandLine(
      `say where the ${things} are kept: --storage ${example}, or the variable DAGGER_STORAGE`,
    );
  return storageUrl(storage);
};

/** Storage that has what is looked for; nothing is written into one that has not. @throws InvalidCommandLine */
export const existingStorage = async (
  storage: string | undefined,
  contents: Contents,
): Promise<Storage> => {
  const url = placeOf(storage, contents);
  mustBeThere(url);
  return usable(async () => {
    const opened = await storageAt(url);
    await mustBeOurs(opened, contents);
    return opened;
  });
};

/** @throws InvalidCommandLine when there is no such file or folder, which the adapter would make */
const mustBeThere = (url: string): void => {
  const path = pathOf(url);
  if (path === undefined) return;
  // PGlite would turn any folder into a database.
  if (existsSync(url.startsWith('pglite:') ? join(path, 'PG_VERSION') : path)) return;
  throw new InvalidCommandLine(`there is no database '${path}'`);
};

/** @throws InvalidCommandLine when the database is somebody else's; nothing is written into it */
const mustBeOurs = async (storage: Storage, { table, things, never }: Contents): Promise<void> => {
  try {
    const db = storage.db.$extendTables<{
      readonly dagger_jobs: { readonly id: string };
      readonly dagger_pubsub_messages: { readonly id: string };
    }>();
    await db.selectFrom(table).select('id').limit(1).execute();
  } catch (cause) {
    // Where not even this can be asked, the database is not there, or is none. PostgreSQL has said already that the table is not,
    // and to look at all schemas fails while somebody drops one.
    if (!isUndefinedTable(cause)) await storage.db.introspection.getTables();
    await storage.close();
    throw new InvalidCommandLine(
      `'${storage.location}' is not a database of dagger, or ${never}: it has no table of ${things} (${reasonOf(cause)})`,
      { cause },
    );
  }
};

const isUndefinedTable = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '42P01';
