import type { Storage } from '@dagger/core';
import type { KyselyPlugin, QueryId } from 'kysely';
import { interposed } from './interposed.ts';

/**
 * `ambiguous`: every write happens and then throws. `late`: of every two tries the first throws, and writes nothing. Both
 * hold for transactions, for the journal, and for single updates.
 */
export type Unreliability = 'ambiguous' | 'late';

/** The storage behind a connection that breaks at every write; `broke` counts. */
export const unreliable = (
  storage: Storage,
  how: Unreliability,
): { readonly storage: Storage; readonly broke: () => number; readonly begin: () => void } => {
  let broken = 0;
  let begun = false;
  const broke = (): Error => new Error(`the connection broke (${++broken})`);
  const late = { write: false, update: false };
  /** Whether this try is a first one. */
  const isFirst = (kind: 'write' | 'update'): boolean =>
    begun && how === 'late' && (late[kind] = !late[kind]);
  const updates = new WeakSet<QueryId>();
  const plugin: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      if (node.kind === 'UpdateQueryNode') {
        if (isFirst('update')) throw broke();
        updates.add(queryId);
      }
      return node;
    },
    async transformResult({ result, queryId }) {
      if (begun && how === 'ambiguous' && updates.has(queryId)) throw broke();
      return Promise.resolve(result);
    },
  };
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isFirst('write')) throw broke();
    const result = await work();
    if (begun && how === 'ambiguous') throw broke();
    return result;
  };
  return {
    storage: interposed({ ...storage, db: storage.db.withPlugin(plugin) }, around),
    broke: () => broken,
    begin: () => (begun = true),
  };
};
