import type { OpenStorage, StorageFeatures } from '../storage-contract/index.ts';

export interface TaskContract {
  /** What the suite is called in the output. */
  readonly name: string;
  /** What the storage can do, or why it cannot: then that is what is expected. */
  readonly features: StorageFeatures;
  /** Makes a place for data without tables; called once for all cases that share it, and once for each that needs its own. */
  open(): Promise<OpenStorage> | OpenStorage;
}
