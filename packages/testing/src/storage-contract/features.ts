import type { Storage } from '@dagger/core';

/** What a storage can do, or why it cannot: an expected value, which the suite checks and shows. */
export type Feature = true | { readonly cannot: string };

export interface StorageFeatures {
  /** What was written is there when the storage is opened again. */
  readonly persistent: Feature;
  /** Several storages may be open on the same data at the same time. */
  readonly concurrentConnections: Feature;
  /** `subscribe` and `notify`. */
  readonly notify: Feature;
}

/** A storage, and how to come back to its data. */
export interface OpenStorage {
  /** New, without tables. */
  readonly storage: Storage;
  /** The same data again, after `storage` was closed; present where the storage is persistent. */
  readonly reopen?: () => Promise<Storage> | Storage;
  /** The same data once more beside `storage`; present where connections may be concurrent. */
  readonly beside?: () => Promise<Storage> | Storage;
  /** Removes the data, when every storage on it was closed. */
  readonly remove?: () => Promise<void> | void;
}

export interface StorageContract {
  /** What the suite is called in the output. */
  readonly name: string;
  readonly features: StorageFeatures;
  /** Makes a place for data; called once per test. */
  open(): Promise<OpenStorage> | OpenStorage;
}

/** The reason of a missing feature, for the title of a test; undefined when it is there. */
export const whyNot = (feature: Feature): string | undefined =>
  feature === true ? undefined : feature.cannot;
