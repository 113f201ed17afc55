import { setTimeout as wait } from 'node:timers/promises';
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type DatabaseConnection,
  type QueryResult,
  type SqliteDialectConfig,
} from 'kysely';

/** Milliseconds between two looks at a busy database: doubled each time, up to the second number. */
const FIRST_LOOK = 1;
const LONGEST_LOOK = 50;

/** Whether a statement failed only because another connection writes. */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  error.code.startsWith('SQLITE_BUSY');

export interface PatientLimits {
  /** Milliseconds to wait for others before a statement fails. */
  readonly patience: number;
  /** Throws when the storage was closed. */
  readonly mustBeOpen: () => void;
}

/** A connection that tries a statement again while somebody else writes, and lets the event loop go on meanwhile. */
class PatientConnection implements DatabaseConnection {
  readonly #inner: DatabaseConnection;
  readonly #limits: PatientLimits;

  constructor(inner: DatabaseConnection, limits: PatientLimits) {
    this.#inner = inner;
    this.#limits = limits;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    this.#limits.mustBeOpen();
    let waited = 0;
    for (let pause = FIRST_LOOK; ; pause = Math.min(LONGEST_LOOK, pause * 2)) {
      try {
        return await this.#inner.executeQuery<R>(query);
      } catch (error) {
        if (!isBusy(error) || waited >= this.#limits.patience) throw error;
        waited += pause;
        await wait(pause);
      }
    }
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#inner.streamQuery<R>(query, chunkSize);
  }
}

/**
 * Transactions take the right to write when they begin, so that none of them meets a busy database half-way.
 */
class PatientDriver extends SqliteDriver {
  readonly #limits: PatientLimits;
  #connection: PatientConnection | undefined;

  constructor(config: SqliteDialectConfig, limits: PatientLimits) {
    super(config);
    this.#limits = limits;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return (this.#connection ??= new PatientConnection(
      await super.acquireConnection(),
      this.#limits,
    ));
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** SQLite can take back changes of its schema; with this, a migration that fails leaves nothing behind. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Kysely's SQLite dialect, for files that several connections use. */
export class PatientDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;
  readonly #limits: PatientLimits;

  constructor(config: SqliteDialectConfig, limits: PatientLimits) {
    super(config);
    this.#config = config;
    this.#limits = limits;
  }

  override createDriver(): SqliteDriver {
    return new PatientDriver(this.#config, this.#limits);
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}
