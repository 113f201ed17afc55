import { existsSync } from 'node:fs';
import {
  ActionRegistry,
  DagExecutor,
  DaggerError,
  type ExecutorOptions,
  type Storage,
} from '@dagger/core';
import { InvalidCommandLine } from './invalid-command-line.ts';

/** What `--storage` says, as a URL: a path of a database file is SQLite. */
export const storageUrl = (text: string): string =>
  !/^[a-z][a-z0-9+]*:/.test(text) && /\.(?:db|sqlite3?)$/i.test(text)
    ? // `%` and `?` mean something in a URL.
      `sqlite:${text.replaceAll('%', '%25').replaceAll('?', '%3F')}`
    : text;

/** The path of a SQLite URL; undefined for a database in memory and for other storage. */
const sqliteFile = (url: string): string | undefined => {
  const rest = /^sqlite:(?:\/\/(?=.))?([^?]*)/.exec(url)?.[1];
  return rest === undefined || rest === ':memory:' ? undefined : decodeURIComponent(rest);
};

/**
 * The adapter that is installed beside this command. Core would look beside itself, where a strict package manager
 * does not put it; so core is asked only when nothing is found here, for its error.
 */
const adapter = async (url: string): Promise<Storage | string> => {
  if (!url.startsWith('sqlite:')) return url;
  let factory: (location: string) => Storage;
  try {
    factory = (await import('@dagger/sqlite')).sqlite;
  } catch {
    return url;
  }
  return factory(url);
};

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

const openAt = (
  url: string,
  options: ExecutorOptions,
  opened?: Storage | string,
): Promise<DagExecutor> =>
  usable(async () => DagExecutor.open({ ...options, storage: opened ?? (await adapter(url)) }));

/** An executor that keeps its runs where `--storage` says; without it, in memory. */
export const openExecutor = (
  storage: string | undefined,
  options: ExecutorOptions,
): Promise<DagExecutor> =>
  storage === undefined || storage === ''
    ? DagExecutor.open(options)
    : openAt(storageUrl(storage), options);

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
  const file = sqliteFile(url);
  if (file !== undefined && file !== '' && !existsSync(file))
    throw new InvalidCommandLine(`there is no database '${file}'`);
  const opened = await usable(() => adapter(url));
  if (typeof opened !== 'string') await usable(() => mustBeOurs(opened, file ?? url));
  return openAt(url, options, opened);
};

/** @throws InvalidCommandLine when the database is somebody else's; nothing is written into it */
const mustBeOurs = async (storage: Storage, name: string): Promise<void> => {
  const tables = await storage.db.introspection.getTables();
  if (tables.some((table) => table.name === 'dagger_runs')) return;
  await storage.close();
  throw new InvalidCommandLine(`'${name}' is not a database of dagger: it has no table of runs`);
};
