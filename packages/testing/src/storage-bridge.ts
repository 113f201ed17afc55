import type { CoreTables } from '@dagger/core';
import {
  Kysely,
  type CompiledQuery,
  type ControlledTransaction,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  type QueryResult,
} from 'kysely';

/** Called around every statement that does not belong to a transaction of the storage. */
export type AroundStatement = <T>(query: CompiledQuery, work: () => Promise<T>) => Promise<T>;

const READS: ReadonlySet<string> = new Set(['SelectQueryNode', 'WithNode']);

/** Whether a statement may change something; SQL as text is judged by its words. */
export const isWrite = ({ query, sql }: CompiledQuery): boolean =>
  query.kind === 'RawNode' ? !isReading(sql) : !READS.has(query.kind);

const isReading = (sql: string): boolean =>
  /^\s*(select|pragma|show|explain|values)\b/i.test(sql) ||
  // What follows the names that `with` gives may be anything.
  (/^\s*with\b/i.test(sql) && !/\b(insert|update|delete|merge)\b/i.test(sql));

/** A connection that borrows one of the database beneath for each statement, or for the whole of a transaction. */
class BorrowedConnection implements DatabaseConnection {
  readonly #inner: Kysely<CoreTables>;
  readonly #around: AroundStatement;
  #transaction: ControlledTransaction<CoreTables> | undefined;

  constructor(inner: Kysely<CoreTables>, around: AroundStatement) {
    this.#inner = inner;
    this.#around = around;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const typed = query as CompiledQuery<R>;
    const transaction = this.#transaction;
    if (transaction !== undefined) return transaction.executeQuery(typed);
    return this.#around(query, () => this.#inner.executeQuery(typed));
  }

  streamQuery<R>(query: CompiledQuery, size: number): AsyncIterableIterator<QueryResult<R>> {
    const executor = (this.#transaction ?? this.#inner).getExecutor();
    return executor.stream<R>(query, size);
  }

  async begin(): Promise<void> {
    this.#transaction = await this.#inner.startTransaction().execute();
  }

  async end(how: 'commit' | 'rollback'): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    await transaction?.[how]().execute();
  }
}

const bridgeDriver = (inner: Kysely<CoreTables>, around: AroundStatement): Driver => ({
  init: () => Promise.resolve(),
  acquireConnection: () => Promise.resolve(new BorrowedConnection(inner, around)),
  beginTransaction: (connection) => (connection as BorrowedConnection).begin(),
  commitTransaction: (connection) => (connection as BorrowedConnection).end('commit'),
  rollbackTransaction: (connection) => (connection as BorrowedConnection).end('rollback'),
  releaseConnection: () => Promise.resolve(),
  // The storage closes what is beneath.
  destroy: () => Promise.resolve(),
});

/** The database beneath lets one in at a time where it must; whoever is held up here holds up nobody else. */
const manyConnections = (adapter: DialectAdapter): DialectAdapter =>
  Object.create(adapter, {
    supportsMultipleConnections: { value: true },
  }) as DialectAdapter;

/** The same database, with `around` between its users and its statements, whichever way they are made. */
export const bridge = (inner: Kysely<CoreTables>, around: AroundStatement): Kysely<CoreTables> => {
  const executor = inner.getExecutor();
  return new Kysely({
    dialect: {
      createAdapter: () => manyConnections(executor.adapter),
      createDriver: () => bridgeDriver(inner, around),
      createQueryCompiler: () => ({
        compileQuery: (node, id) => executor.compileQuery(node, id),
      }),
      createIntrospector: () => inner.introspection,
    },
  });
};
