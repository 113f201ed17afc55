import type { Storage } from '@dagger/core';
import type { StorageTransport } from '@dagger/pubsub';
import { existingStorage, usable, type Contents } from '../storage.ts';
import { pubSubPackage, type PubSubPackage } from './pubsub-package.ts';

const MESSAGES: Contents = {
  table: 'dagger_pubsub_messages',
  things: 'messages',
  example: 'sqlite:bus.db',
  never: 'no channel was opened on it yet',
};

/** Channels and the storage below them; leaving the block closes both. */
export interface OpenMessages extends AsyncDisposable {
  readonly pubsub: PubSubPackage;
  readonly storage: Storage;
  readonly channels: StorageTransport;
}

/** Channels in storage that must be there already: a mistyped path must not become an empty database. */
export const openMessages = async (url: string | undefined): Promise<OpenMessages> => {
  const pubsub = await pubSubPackage();
  const storage = await existingStorage(url, MESSAGES);
  try {
    const channels = await usable(() => pubsub.StorageTransport.open({ storage }));
    return {
      pubsub,
      storage,
      channels,
      async [Symbol.asyncDispose]() {
        await channels.close();
        await storage.close();
      },
    };
  } catch (error) {
    await storage.close();
    throw error;
  }
};
