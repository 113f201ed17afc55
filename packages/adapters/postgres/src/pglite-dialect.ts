import type { PGlite } from '@electric-sql/pglite';
import {
  PGliteDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Dialect,
} from 'kysely';
import { cannotOpen } from './cannot-open.ts';
import { TransactionLockAdapter } from './migration-lock.ts';
import type { UnderWay } from './under-way.ts';

/** The one connection of an instance, given to one after the other in the order of asking. */
class TurnTakingDriver extends PGliteDriver {
  readonly #name: string;
  readonly #underWay: UnderWay;
  #last: Promise<void> = Promise.resolve();
  #endTurn: (() => void) | undefined;

  constructor(instance: PGlite, name: string, underWay: UnderWay) {
    super({ pglite: instance });
    this.#name = name;
    this.#underWay = underWay;
  }

  /** @throws DaggerError STORAGE_FAILED */
  override async init(): Promise<void> {
    try {
      this.#underWay.mustBeOpen();
      await super.init();
    } catch (cause) {
      throw cannotOpen(this.#name, cause);
    }
  }

  /** @throws DaggerError STORAGE_FAILED */
  override async acquireConnection(): Promise<DatabaseConnection> {
    this.#underWay.enter();
    const before = this.#last;
    let end!: () => void;
    this.#last = new Promise((resolve) => (end = resolve));
    await before;
    this.#endTurn = end;
    return super.acquireConnection();
  }

  override async releaseConnection(): Promise<void> {
    this.#endTurn?.();
    this.#underWay.leave();
  }
}

/**
 * Kysely's dialect with turns of our own: its own may let somebody in before those who wait, and knows nothing of the
 * end.
 */
export const turnTakingDialect = (instance: PGlite, name: string, underWay: UnderWay): Dialect => ({
  createAdapter: () => new TransactionLockAdapter(),
  createDriver: () => new TurnTakingDriver(instance, name, underWay),
  createIntrospector: (db) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
});
