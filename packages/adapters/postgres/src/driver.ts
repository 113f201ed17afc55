import {
  PostgresDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type PostgresPool,
} from 'kysely';
import { TransactionLockAdapter } from './migration-lock.ts';
import type { UnderWay } from './under-way.ts';
import { unreachable } from './unreachable.ts';

/** Connections of a pool, with errors that name the place. */
export class PoolDriver extends PostgresDriver {
  readonly #location: string;
  readonly #underWay: UnderWay;

  constructor(pool: PostgresPool, location: string, underWay: UnderWay) {
    super({ pool });
    this.#location = location;
    this.#underWay = underWay;
  }

  /** @throws DaggerError STORAGE_FAILED */
  override async acquireConnection(): Promise<DatabaseConnection> {
    this.#underWay.enter();
    try {
      return await super.acquireConnection();
    } catch (cause) {
      this.#underWay.leave();
      throw unreachable(this.#location, cause);
    }
  }

  override async releaseConnection(connection: DatabaseConnection): Promise<void> {
    try {
      // Typed as a connection of the same file.
      await super.releaseConnection(connection as never);
    } finally {
      this.#underWay.leave();
    }
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await super.rollbackTransaction(connection as never);
    } catch {
      // The connection is gone, and with it the transaction; the error that led here says more.
    }
  }
}

export const poolDialect = (driver: PoolDriver): Dialect => ({
  createAdapter: () => new TransactionLockAdapter(),
  createDriver: () => driver,
  createIntrospector: (db) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
});
