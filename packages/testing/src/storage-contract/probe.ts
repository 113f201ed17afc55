import type { MigrationSet, Storage } from '@dagger/core';
import type { Kysely } from 'kysely';

/** A table of the suite. */
export interface ProbeTables {
  readonly probe: {
    readonly id: string;
    readonly n: number | null;
    readonly t: string | null;
    readonly b: Uint8Array | null;
  };
}

const probeTables: MigrationSet = {
  name: 'probe',
  migrations: {
    '0001_probe': {
      async up(db, { binaryType }) {
        await db.schema
          .createTable('probe')
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('n', 'bigint')
          .addColumn('t', 'text')
          // Kysely knows the other name as well, but not as the same type.
          .addColumn('b', binaryType as 'blob')
          .execute();
      },
    },
  },
};

/** The connection of a storage, or of a transaction of it, as one to the table of the suite. */
export const probeOf = (db: Storage['db']): Kysely<ProbeTables> =>
  db as unknown as Kysely<ProbeTables>;

/** Makes the table. */
export const withProbe = async (storage: Storage): Promise<Kysely<ProbeTables>> => {
  await storage.migrate(probeTables);
  return probeOf(storage.db);
};

/** A row with nothing but what is given. */
export const row = (
  id: string,
  values: Partial<ProbeTables['probe']> = {},
): ProbeTables['probe'] => ({ id, n: null, t: null, b: null, ...values });

/** Every id in the table. */
export const ids = async (db: Kysely<ProbeTables>): Promise<readonly string[]> =>
  (await db.selectFrom('probe').select('id').execute()).map(({ id }) => id).toSorted();
