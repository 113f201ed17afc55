export { taskContract } from './contract.ts';
export type { TaskContract } from './features.ts';
export type { Feature, OpenStorage, StorageFeatures } from '../storage-contract/index.ts';
