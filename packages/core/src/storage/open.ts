import { DaggerError } from '../errors.ts';
import type { Storage } from './storage.ts';

/** The package that serves each scheme of a storage URL, and the factory that it exports. */
const ADAPTERS: {
  readonly [scheme: string]: { readonly packageName: string; readonly factory: string };
} = {
  sqlite: { packageName: '@dagger/sqlite', factory: 'sqlite' },
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
  let loaded: Record<string, unknown>;
  try {
    loaded = (await import(adapter.packageName)) as Record<string, unknown>;
  } catch (cause) {
    throw new DaggerError(
      'STORAGE_MISSING',
      `storage '${scheme}:' needs the package ${adapter.packageName}; install it beside @dagger/core`,
      { cause },
    );
  }
  return (loaded[adapter.factory] as (url: string) => Storage)(url);
};
