import type { Storage } from '@dagger/core';
import { onTestFinished } from 'vitest';
import type { StorageContract } from './features.ts';

/** The data of one test; everything that was opened on it is closed when the test ends. */
export interface Place {
  readonly storage: Storage;
  /** Closes `storage` and opens the same data again. */
  readonly reopen: () => Promise<Storage>;
  /** Another storage on the same data where the contract has such, else the same one. */
  readonly beside: () => Promise<Storage>;
}

export const openPlace = async (contract: StorageContract): Promise<Place> => {
  const opened = await contract.open();
  const all = [opened.storage];
  const kept = (storage: Storage): Storage => {
    all.push(storage);
    return storage;
  };
  onTestFinished(async () => {
    for (const storage of all) await storage.close();
    await opened.remove?.();
  });
  return {
    storage: opened.storage,
    async reopen() {
      await opened.storage.close();
      if (opened.reopen === undefined) throw new Error('a persistent storage has `reopen`');
      return kept(await opened.reopen());
    },
    beside: async () =>
      opened.beside === undefined ? opened.storage : kept(await opened.beside()),
  };
};
