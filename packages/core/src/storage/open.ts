import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DaggerError } from '../errors.ts';
import type { Storage } from './storage.ts';

/** The package that serves each scheme of a storage URL, and the factory that it exports. */
const ADAPTERS: {
  readonly [scheme: string]: {
    readonly packageName: string;
    readonly factory: string;
    /** What to install. Default: the package. */
    readonly needs?: readonly string[];
  };
} = {
  sqlite: { packageName: '@dagger/sqlite', factory: 'sqlite' },
  postgres: { packageName: '@dagger/postgres', factory: 'postgres' },
  postgresql: { packageName: '@dagger/postgres', factory: 'postgres' },
  pglite: {
    packageName: '@dagger/postgres/pglite',
    factory: 'pglite',
    needs: ['@dagger/postgres', '@electric-sql/pglite'],
  },
};

/**
 * Opens storage by its URL; the adapter is loaded when it is asked for.
 * @throws DaggerError STORAGE_URL for an unknown scheme, STORAGE_MISSING when the adapter is not installed
 */
export const openStorage = async (url: string): Promise<Storage> => {
  const scheme = /^([a-z][a-z0-9+]*):/.exec(url)?.[1];
  const adapter =
    scheme === undefined || !Object.hasOwn(ADAPTERS, scheme) ? undefined : ADAPTERS[scheme];
  if (adapter === undefined) {
    throw new DaggerError(
      'STORAGE_URL',
      `'${url.split('@').at(-1) ?? ''}' is not a storage URL; it begins with one of ${Object.keys(
        ADAPTERS,
      )
        .map((known) => `${known}:`)
        .join(', ')}`,
    );
  }
  const { packageName, needs = [packageName] } = adapter;
  const loaded = await load(
    packageName,
    `storage '${scheme ?? ''}:' needs ${needs.join(' and ')}, found neither beside @dagger/core nor in this project: npm install ${needs.join(' ')}`,
  );
  return (loaded[adapter.factory] as (url: string) => Storage)(url);
};

/** Where an adapter may be installed: beside this package, beside the program, in the working folder. */
const places = (packageName: string): (() => string)[] => [
  () => packageName,
  ...[process.argv[1], join(process.cwd(), 'index.js')].flatMap((from) =>
    from === undefined
      ? []
      : [() => pathToFileURL(createRequire(pathToFileURL(from)).resolve(packageName)).href],
  ),
];

const load = async (packageName: string, whenMissing: string): Promise<Record<string, unknown>> => {
  const failures: unknown[] = [];
  for (const place of places(packageName)) {
    try {
      return (await import(place())) as Record<string, unknown>;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new DaggerError('STORAGE_MISSING', whenMissing, { cause: new AggregateError(failures) });
};
