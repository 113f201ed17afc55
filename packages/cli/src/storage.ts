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
const usable = async <T>(open: () => Promise<T>): Promise<T> => {
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
  if (storage === undefined || storage === '')
    throw new InvalidCommandLine(
      'say where the runs are kept: --storage sqlite:runs.db, or the variable DAGGER_STORAGE',
    );
  const url = storageUrl(storage);
  mustBeThere(url);
  return usable(async () => {
    const opened = await storageAt(url);
    await mustBeOurs(opened);
    return DagExecutor.open({ ...options, storage: opened });
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
const mustBeOurs = async (storage: Storage): Promise<void> => {
  try {
    await storage.db.selectFrom('dagger_runs').select('id').limit(1).execute();
  } catch (cause) {
    // Where not even this can be asked, the database is not there, or is none.
    await storage.db.introspection.getTables();
    await storage.close();
    throw new InvalidCommandLine(
      `'${storage.location}' is not a database of dagger, or nothing was run on it yet: it has no table of runs (${reasonOf(cause)})`,
      { cause },
    );
  }
};
