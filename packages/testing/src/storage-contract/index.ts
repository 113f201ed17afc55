export { storageContract } from './contract.ts';
export type { OpenStorage, StorageContract, StorageFeatures, Feature } from './features.ts';
