import type { CoreTables } from '@dagger/core';
import type { KyselyPlugin, Transaction } from 'kysely';

/** The transaction, whose connection is lost when it has done `after` statements. */
export const tearing = (
  transaction: Transaction<CoreTables>,
  after: number,
  lost: () => Error,
): Transaction<CoreTables> => {
  let done = 0;
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: ({ result }) =>
      ++done >= after ? Promise.reject(lost()) : Promise.resolve(result),
  };
  return transaction.withPlugin(plugin);
};
