import type { Storage } from '@dagger/core';
import { StorageTransport } from '@dagger/pubsub';
import type { OpenStorage } from '../src/storage-contract/index.ts';
import type { TransportAbilities, TransportPlace } from '../src/transport-contract/index.ts';

/** What channels in any database can do. */
export const STORED: TransportAbilities = {
  persistent: true,
  replay: true,
  shared: true,
  dedupe: true,
  holds: true,
  trace: true,
};

/** A place in a database; each transport has a storage of its own where there may be several. */
export const storagePlace = (opened: OpenStorage): TransportPlace => {
  const storages: Storage[] = [opened.storage];
  let isFirst = true;
  return {
    async open() {
      const storage = isFirst ? opened.storage : ((await opened.beside?.()) ?? opened.storage);
      isFirst = false;
      if (!storages.includes(storage)) storages.push(storage);
      return StorageTransport.open({ storage });
    },
    async remove() {
      for (const storage of storages) await storage.close();
      await opened.remove?.();
    },
  };
};
