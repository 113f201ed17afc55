import type { CoreTables } from '@dagger/core';
import { Transaction, type Dialect, type Driver, type Kysely } from 'kysely';

/**
 * A transaction that sends each statement when it is asked for. Kysely's own sends it when the one before has been answered, so
 * that statements which do not need each other's answers cost a journey to the server each; here they share one. The server
 * does them in the order in which they were asked for, and after one that fails refuses the rest.
 *
 * See "Pipelining" in the PostgreSQL manual, chapter "Frontend/Backend Protocol".
 */
export const pipelined = async <T>(
  db: Kysely<CoreTables>,
  { driver, dialect }: { readonly driver: Driver; readonly dialect: Dialect },
  work: (trx: Transaction<CoreTables>) => Promise<T>,
): Promise<T> => {
  const connection = await driver.acquireConnection();
  try {
    await driver.beginTransaction(connection, { isolationLevel: 'read committed' });
    const executor = db
      .getExecutor()
      .withConnectionProvider({ provideConnection: (consumer) => consumer(connection) });
    try {
      const result = await work(
        new Transaction({ config: { dialect }, dialect, driver, executor }),
      );
      await driver.commitTransaction(connection);
      return result;
    } catch (error) {
      await driver.rollbackTransaction(connection);
      throw error;
    }
  } finally {
    await driver.releaseConnection(connection);
  }
};
