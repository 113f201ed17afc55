export { sqlite, type SqliteOptions } from './sqlite.ts';
export type { Durability } from './url.ts';
