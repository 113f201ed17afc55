import { openStorage, type Storage } from '@dagger/core';

type Adapter = (url: string) => Storage;

/** The adapters that may be installed beside this command. */
const BESIDE: { readonly [scheme: string]: () => Promise<Adapter> } = {
  sqlite: async () => (await import('@dagger/sqlite')).sqlite,
  postgres: async () => (await import('@dagger/postgres')).postgres,
  postgresql: async () => (await import('@dagger/postgres')).postgres,
  pglite: async () => (await import('@dagger/postgres/pglite')).pglite,
};

const adapterBeside = async (url: string): Promise<Adapter | undefined> => {
  const scheme = /^([a-z][a-z0-9+]*):/.exec(url)?.[1];
  if (scheme === undefined || !Object.hasOwn(BESIDE, scheme)) return undefined;
  try {
    return await BESIDE[scheme]?.();
  } catch {
    return undefined;
  }
};

/**
 * Storage by its URL. Core would look beside itself, where a strict package manager does not put the adapter, and beside
 * the program, which may be installed for the whole machine; so it is asked only when nothing is found beside this command.
 * @throws DaggerError STORAGE_URL, STORAGE_MISSING
 */
export const storageAt = async (url: string): Promise<Storage> =>
  (await adapterBeside(url))?.(url) ?? openStorage(url);
