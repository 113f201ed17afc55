import { openStorage } from '@dagger/core';
import { sql } from 'kysely';

/** Where scenarios store their runs; a name stands for an empty storage of its own. */
export interface Database {
  readonly name: string;
  /** Why it cannot be used here; absent when it can. */
  readonly skipped?: string;
  /** The URL of an empty storage. Absent: SQLite files of the harness. */
  readonly storage?: (name: string) => Promise<string>;
  readonly drop?: (name: string) => Promise<void>;
  readonly close?: () => Promise<void>;
}

const reason = (error: unknown): string => {
  // A refused connection may come as several, one for each address.
  const one: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return one instanceof Error ? one.message : String(one);
};

/** A database of its own for each name, on the server of `url`; skipped where the adapter or the server is missing. */
const postgres = async (url: string): Promise<Database> => {
  const name = 'postgres';
  try {
    const admin = await openStorage(url);
    const run = async (text: string): Promise<void> => void (await sql.raw(text).execute(admin.db));
    await run('select 1');
    const databaseOf = (point: string): string =>
      `dagger_crash_${process.pid}_${point.replaceAll(/\W/g, '_')}`;
    return {
      name,
      storage: async (point) => {
        await run(`create database ${databaseOf(point)}`);
        const address = new URL(url);
        address.pathname = `/${databaseOf(point)}`;
        return address.href;
      },
      drop: (point) => run(`drop database if exists ${databaseOf(point)} with (force)`),
      close: () => admin.close(),
    };
  } catch (error) {
    return { name, skipped: reason(error) };
  }
};

/** The databases that are tried. `DAGGER_TEST_POSTGRES` names another server. */
export const databases = async (): Promise<readonly Database[]> => [
  { name: 'sqlite' },
  await postgres(
    process.env['DAGGER_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/postgres',
  ),
];
