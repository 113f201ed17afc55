export { storageContract } from './storage-contract/contract.ts';
export type {
  OpenStorage,
  StorageContract,
  StorageFeatures,
  Feature,
} from './storage-contract/features.ts';
