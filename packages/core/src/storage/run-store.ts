import { createHash } from 'node:crypto';
import type { CompiledQuery, Kysely, Transaction } from 'kysely';
import type { CacheExport } from '../cache/cache.ts';
import type { Clock } from '../clock.ts';
import { DEFAULT_CONFIG } from '../config/merge.ts';
import type { DagConfig } from '../config/model.ts';
import { DaggerError, type ErrorData } from '../errors.ts';
import type { GraphDefinition } from '../graph/model.ts';
import type { JsonObject } from '../json.ts';
import type { RunEvent } from '../run/events.ts';
import type { NodeStatus, RunStatus } from '../run/status.ts';
import type { Beside, MemoStore, MemoWrite } from './journal.ts';
import { decodeEvents } from './codec.ts';
import { coreMigrations } from './migrations.ts';
import { isDead, newOwner } from './owner.ts';
import type { Storage } from './storage.ts';
import type { CoreTables, RunRow } from './tables.ts';

/** Milliseconds that an owner is trusted without a sign of life. */
export const LEASE = 15_000;
/** Journal rows read at a time. */
const PAGE = 1_000;

export interface NewRun {
  readonly runId: string;
  readonly dag: string;
  /** The graph as JSON text. */
  readonly definition: string;
  readonly config: DagConfig;
  readonly cache: CacheExport;
}

/** A run as it stands in the list of runs. */
export interface StoredRun {
  readonly runId: string;
  readonly dag: string;
  readonly status: RunStatus;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly error: ErrorData | null;
  readonly counts: { readonly [S in NodeStatus]?: number } | null;
  /** Whether a living process works on it, as far as its lease tells. */
  readonly owned: boolean;
}

export interface LoadedRun {
  readonly row: RunRow;
  readonly definition: GraphDefinition;
  readonly config: DagConfig;
  readonly cache: CacheExport;
}

export interface RunFilter {
  readonly dag?: string;
  readonly status?: RunStatus;
  /** Default 50. */
  readonly limit?: number;
}

type Db = Kysely<CoreTables> | Transaction<CoreTables>;

/** Runs in a database: their definitions, owners and journals. */
export class RunStore {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly owner: string = newOwner();

  private constructor(storage: Storage, clock: Clock) {
    this.storage = storage;
    this.clock = clock;
  }

  static async open(storage: Storage, clock: Clock): Promise<RunStore> {
    await storage.migrate(coreMigrations);
    return new RunStore(storage, clock);
  }

  /** Stores a new run, owned by this process; undefined when the id is taken. */
  async create(run: NewRun): Promise<{ readonly fence: number } | undefined> {
    const body = run.definition;
    const hash = createHash('sha256').update(body).digest('hex');
    const now = this.clock.now();
    return this.storage.transaction(async (trx) => {
      await trx
        .insertInto('dagger_definitions')
        .values({ hash, body })
        .onConflict((c) => c.column('hash').doNothing())
        .execute();
      const inserted = await trx
        .insertInto('dagger_runs')
        .values({
          id: run.runId,
          dag: run.dag,
          definition_hash: hash,
          status: 'running',
          cache: JSON.stringify(run.cache),
          config: JSON.stringify(run.config),
          created_at: now,
          finished_at: null,
          error: null,
          counts: null,
          owner: this.owner,
          fence: 1,
          lease_until: now + LEASE,
          parent_run: null,
          parent_node: null,
        })
        .onConflict((c) => c.column('id').doNothing())
        .executeTakeFirst();
      return inserted.numInsertedOrUpdatedRows === 0n ? undefined : { fence: 1 };
    });
  }

  async row(runId: string): Promise<RunRow | undefined> {
    return this.storage.db
      .selectFrom('dagger_runs')
      .selectAll()
      .where('id', '=', runId)
      .executeTakeFirst();
  }

  async #known(runId: string): Promise<RunRow> {
    const row = await this.row(runId);
    if (row !== undefined) return row;
    const message = `there is no run '${runId}' in ${this.storage.location}`;
    throw new DaggerError('RUN_UNKNOWN', message, { ids: { runId } });
  }

  /** @throws DaggerError RUN_UNKNOWN */
  async load(runId: string): Promise<LoadedRun> {
    const row = await this.#known(runId);
    const { body } = await this.storage.db
      .selectFrom('dagger_definitions')
      .select('body')
      .where('hash', '=', row.definition_hash)
      .executeTakeFirstOrThrow();
    return {
      row,
      definition: JSON.parse(body) as GraphDefinition,
      // Settings that are newer than the run have their defaults.
      config: { ...DEFAULT_CONFIG, ...(JSON.parse(row.config) as Partial<DagConfig>) },
      cache: JSON.parse(row.cache) as CacheExport,
    };
  }

  /**
   * Makes this process the owner of a run, if nobody else is: the compare-and-swap on the fencing number lets one of
   * several claimants through.
   * @throws DaggerError RUN_UNKNOWN, RUN_OWNED
   */
  async claim(runId: string): Promise<{ readonly fence: number }> {
    for (;;) {
      const row = await this.#known(runId);
      const now = this.clock.now();
      // This executor may take its own run back after storage had failed it; it knows that nobody works on it.
      if (row.owner !== this.owner && isOwned(row, now)) throw ownedBy(row, now);
      const claimed = await this.storage.db
        .updateTable('dagger_runs')
        .set({ owner: this.owner, fence: row.fence + 1, lease_until: now + LEASE })
        .where('id', '=', runId)
        .where('fence', '=', row.fence)
        .executeTakeFirst();
      if (claimed.numUpdatedRows === 1n) return { fence: row.fence + 1 };
      // Another claimant was faster; who it is stands in the row now.
    }
  }

  /** Gives up the ownership, so that another process may go on at once. */
  async release(runId: string, fence: number): Promise<void> {
    await this.storage.db
      .updateTable('dagger_runs')
      .set({ owner: null, lease_until: 0 })
      .where('id', '=', runId)
      .where('fence', '=', fence)
      .execute();
  }

  /** The events of a run in their order, a page of groups at a time. */
  async *events(runId: string): AsyncIterableIterator<readonly RunEvent[]> {
    let after = 0;
    for (;;) {
      const rows = await this.storage.db
        .selectFrom('dagger_journal')
        .select(['seq', 'body'])
        .where('run_id', '=', runId)
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(PAGE)
        .execute();
      for (const { seq, body } of rows) {
        after = seq;
        yield decodeEvents(body);
      }
      if (rows.length < PAGE) return;
    }
  }

  /** The most recent runs first. */
  async list(filter: RunFilter = {}): Promise<StoredRun[]> {
    let query = this.storage.db
      .selectFrom('dagger_runs')
      .select([
        'id',
        'dag',
        'status',
        'created_at',
        'finished_at',
        'error',
        'counts',
        'owner',
        'lease_until',
      ]);
    if (filter.dag !== undefined) query = query.where('dag', '=', filter.dag);
    if (filter.status !== undefined) query = query.where('status', '=', filter.status);
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .limit(filter.limit ?? 50)
      .execute();
    const now = this.clock.now();
    return rows.map((row) => ({
      runId: row.id,
      dag: row.dag,
      status: row.status as RunStatus,
      createdAt: new Date(row.created_at).toISOString(),
      finishedAt: row.finished_at === null ? null : new Date(row.finished_at).toISOString(),
      error: row.error === null ? null : (JSON.parse(row.error) as ErrorData),
      counts: row.counts === null ? null : (JSON.parse(row.counts) as StoredRun['counts']),
      owned: isOwned(row, now),
    }));
  }

  /** Results of earlier runs. */
  get memo(): MemoStore {
    return {
      get: async (key, notBefore) => {
        const row = await this.storage.db
          .selectFrom('dagger_memo')
          .select(['outputs', 'created_at'])
          .where('key', '=', key)
          .executeTakeFirst();
        return row !== undefined && row.created_at >= notBefore
          ? (JSON.parse(row.outputs) as JsonObject)
          : undefined;
      },
    };
  }

  /** Writes what commits together with a group of events. */
  async writeBeside(db: Db, { memos, taken }: Beside): Promise<void> {
    await this.#writeMemos(db, memos);
    if (taken.length > 0) await db.deleteFrom('dagger_inbox').where('id', 'in', taken).execute();
  }

  async #writeMemos(db: Db, memos: readonly MemoWrite[]): Promise<void> {
    for (const { key, action, outputs, at } of memos) {
      const row = { outputs: JSON.stringify(outputs), created_at: at };
      await db
        .insertInto('dagger_memo')
        .values({ key, action, ...row, node: null, parts: null })
        .onConflict((c) => c.column('key').doUpdateSet(row))
        .execute();
    }
  }
}

/** Whether a living process works on a run, as far as its lease tells. */
export const isOwned = (
  { owner, lease_until }: Pick<RunRow, 'owner' | 'lease_until'>,
  now: number,
): boolean => owner !== null && lease_until >= now && !isDead(owner);

const ownedBy = ({ id, owner, lease_until }: RunRow, now: number): DaggerError => {
  const [host, pid] = (owner ?? '').split('#');
  return new DaggerError(
    'RUN_OWNED',
    `run '${id}' is being worked on by process ${pid ?? '?'} on ${host ?? '?'}; its lease ends in ${Math.max(0, lease_until - now)} ms`,
    { ids: { runId: id }, recoverable: true },
  );
};

/** A query that is compiled once and run with other parameters. */
export const withParameters = <R>(
  query: CompiledQuery<R>,
  parameters: readonly unknown[],
): CompiledQuery<R> => ({ ...query, parameters });
