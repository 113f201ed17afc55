export type { PostgresOptions } from './address.ts';
export { postgres } from './postgres.ts';
