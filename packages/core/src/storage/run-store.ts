import { createHash } from 'node:crypto';
import type { CompiledQuery, Transaction } from 'kysely';
import type { CacheExport } from '../cache/cache.ts';
import type { Clock } from '../clock.ts';
import { DEFAULT_CONFIG } from '../config/merge.ts';
import type { DagConfig } from '../config/model.ts';
import { DaggerError, type ErrorData } from '../errors.ts';
import type { GraphDefinition } from '../graph/model.ts';
import type { RunEvent } from '../run/events.ts';
import type { NodeStatus, RunStatus } from '../run/status.ts';
import type { MemoStore } from './journal.ts';
import { readMemo } from './memo-rows.ts';
import { keepBlobs, readBlob } from './blobs.ts';
import { decodeEvents } from './codec.ts';
import { prepareGroup } from './group.ts';
import { keepDefinition } from './definitions.ts';
import { insist, type Insistence } from './insist.ts';
import { coreMigrations } from './migrations.ts';
import { isDead, newOwner } from './owner.ts';
import { pack } from './packed.ts';
import { referenceIn, referenceText } from './reference-text.ts';
import { attached, type StoredEvent } from './references.ts';
import { LARGE } from './size.ts';
import type { Storage } from './storage.ts';
import { DELETED, type CoreTables, type RunRow } from './tables.ts';

/** Milliseconds that an owner is trusted without a sign of life. */
export const LEASE = 15_000;
/** Milliseconds that closing waits for a database that does not answer; the lease runs out by itself. */
const RELEASE_PATIENCE = 1_000;
/** Journal rows read at a time. */
const PAGE = 1_000;

export interface NewRun {
  readonly runId: string;
  readonly dag: string;
  /** The graph as JSON text. */
  readonly definition: string;
  readonly config: DagConfig;
  readonly cache: CacheExport;
  /** The run that this one was forked from. */
  readonly parent?: { readonly runId: string; readonly nodeIds: readonly string[] };
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
  /** The run that this one was forked from, and the nodes from which on it differs. */
  readonly parent: { readonly runId: string; readonly nodes: string } | null;
}

export interface LoadedRun {
  readonly row: RunRow;
  readonly definition: GraphDefinition;
  readonly config: DagConfig;
  readonly cache: CacheExport;
}

export interface RunFilter {
  /** The run with this id alone. */
  readonly runId?: string;
  readonly dag?: string;
  readonly status?: RunStatus;
  /** Default 50. */
  readonly limit?: number;
}

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

  /** Stores a new run with its first events, owned by this process; undefined when the id is taken. */
  async create(
    run: NewRun,
    first: readonly RunEvent[] = [],
  ): Promise<{ readonly fence: number; readonly createdAt: number } | undefined> {
    const body = run.definition;
    const hash = createHash('sha256').update(body).digest('hex');
    const now = this.clock.now();
    const text = JSON.stringify(run.cache);
    const large = text.length > LARGE ? await pack(text) : undefined;
    const cache = large === undefined ? text : referenceText(large.hash);
    const group = first.length === 0 ? undefined : await prepareGroup(first, []);
    const insert = async (trx: Transaction<CoreTables>): Promise<boolean> => {
      await keepDefinition(trx, this.storage, { hash, body });
      const inserted = await trx
        .insertInto('dagger_runs')
        .values({
          id: run.runId,
          dag: run.dag,
          definition_hash: hash,
          status: 'running',
          cache,
          config: JSON.stringify(run.config),
          created_at: now,
          finished_at: null,
          error: null,
          counts: null,
          owner: this.owner,
          fence: 1,
          lease_until: this.clock.now() + LEASE,
          parent_run: run.parent?.runId ?? null,
          parent_node: run.parent?.nodeIds.join(', ') ?? null,
        })
        .onConflict((c) => c.column('id').doNothing())
        .executeTakeFirst();
      if (inserted.numInsertedOrUpdatedRows === 0n) return false;
      const blobs = [...(large === undefined ? [] : [large]), ...(group?.large ?? [])];
      await keepBlobs(trx, this.storage, run.runId, blobs);
      if (group !== undefined)
        await trx
          .insertInto('dagger_journal')
          .values({ run_id: run.runId, seq: 1, body: group.body })
          .execute();
      return true;
    };
    const look = async (): Promise<{ readonly value: true } | undefined> => {
      const row = await this.row(run.runId);
      const ours = row?.owner === this.owner && row.fence === 1 && row.created_at === now;
      return ours ? { value: true } : undefined;
    };
    let tries = 0;
    const write = async (): Promise<boolean> => {
      tries++;
      if (await this.storage.transaction(insert)) return true;
      // The row that is in the way may be the one of an earlier try.
      return tries > 1 && (await look()) !== undefined;
    };
    return (await this.insist<boolean>(run.runId, { write, look }))
      ? { fence: 1, createdAt: now }
      : undefined;
  }

  async row(runId: string): Promise<RunRow | undefined> {
    if (!isStorable(runId)) return undefined;
    return this.storage.db
      .selectFrom('dagger_runs')
      .selectAll()
      .where('id', '=', runId)
      .where('status', '!=', DELETED)
      .executeTakeFirst();
  }

  async #known(runId: string): Promise<RunRow> {
    const row = await this.row(runId);
    if (row !== undefined) return row;
    throw unknownRun(runId, this.storage);
  }

  /** @throws DaggerError RUN_UNKNOWN */
  async load(runId: string): Promise<LoadedRun> {
    const row = await this.#known(runId);
    const { body } = await this.storage.db
      .selectFrom('dagger_definitions')
      .select('body')
      .where('hash', '=', row.definition_hash)
      .executeTakeFirstOrThrow(() => unknownRun(runId, this.storage));
    const hash = referenceIn(row.cache);
    return {
      row,
      definition: JSON.parse(body) as GraphDefinition,
      // Settings that are newer than the run have their defaults.
      config: { ...DEFAULT_CONFIG, ...(JSON.parse(row.config) as Partial<DagConfig>) },
      cache: (hash === undefined
        ? JSON.parse(row.cache)
        : await readBlob(this.storage, runId, hash)) as CacheExport,
    };
  }

  /**
   * Makes this process the owner of a run, if nobody else is: the compare-and-swap on the fencing number lets one of
   * several claimants through.
   * @throws DaggerError RUN_UNKNOWN, RUN_OWNED
   */
  async claim(runId: string): Promise<{ readonly fence: number }> {
    let wanted: number | undefined;
    return this.insist(runId, {
      write: async () => this.#claim(runId, (fence) => (wanted = fence)),
      look: async () => {
        if (wanted === undefined) return undefined;
        const row = await this.row(runId);
        const ours = row?.owner === this.owner && row.fence === wanted;
        return ours ? { value: { fence: wanted } } : undefined;
      },
    });
  }

  /** @param trying hears the fencing number before it is written */
  async #claim(
    runId: string,
    trying: (fence: number) => void,
  ): Promise<{ readonly fence: number }> {
    for (;;) {
      const row = await this.#known(runId);
      const now = this.clock.now();
      // This executor may take its own run back after storage had failed it; it knows that nobody works on it.
      if (row.owner !== this.owner && isOwned(row, now)) throw ownedBy(row, now);
      trying(row.fence + 1);
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
    await this.insist(runId, {
      patience: RELEASE_PATIENCE,
      write: async () => {
        await this.storage.db
          .updateTable('dagger_runs')
          .set({ owner: null, lease_until: 0 })
          .where('id', '=', runId)
          .where('fence', '=', fence)
          .execute();
      },
      look: async () => {
        const row = await this.row(runId);
        const ours = row?.fence === fence && row.owner !== null;
        return ours ? undefined : { value: undefined };
      },
    });
  }

  /**
   * Writes something of a run until it is known to be written.
   * @throws DaggerError STORAGE_FAILED when that cannot be had; RUN_LOST and others as `write` throws them
   */
  async insist<T>(
    runId: string,
    insistence: Omit<Insistence<T>, 'clock' | 'isPermanent'>,
  ): Promise<T> {
    const { storage, clock } = this;
    try {
      return await insist({
        ...insistence,
        clock,
        isPermanent: storage.isPermanent?.bind(storage),
      });
    } catch (error) {
      throw this.failureOf(runId, error);
    }
  }

  /** A failure of the database as one of ours, with the run and the place. */
  failureOf(runId: string, cause: unknown): DaggerError {
    if (cause instanceof DaggerError) return cause;
    const reason = cause instanceof Error ? cause.message : 'unknown';
    return new DaggerError(
      'STORAGE_FAILED',
      `run '${runId}' could not be stored in ${this.storage.location}: ${reason}`,
      { ids: { runId }, cause, recoverable: true },
    );
  }

  /** The events of a run after number `from` in their order, group by group. */
  async *events(runId: string, from = 0): AsyncIterableIterator<readonly RunEvent[]> {
    for await (const groups of this.stretches(runId, from)) yield* groups;
  }

  /**
   * The groups of a run after the event `from` in their order, many at a time: waiting for each costs as much as
   * reading it. Only one group with large values is in memory at a time.
   * @throws DaggerError STORAGE_FAILED
   */
  async *stretches(
    runId: string,
    from = 0,
  ): AsyncIterableIterator<readonly (readonly RunEvent[])[]> {
    let after = from;
    for (;;) {
      const rows = await this.storage.db
        .selectFrom('dagger_journal')
        .select(['seq', 'body'])
        .where('run_id', '=', runId)
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(PAGE)
        .execute();
      let groups: (readonly RunEvent[])[] = [];
      for (const { seq, body } of rows) {
        after = seq;
        const group = decodeEvents(body);
        if (group.every(({ large }) => large === undefined)) groups.push(group);
        else {
          yield groups;
          yield [await this.#attach(runId, group)];
          groups = [];
        }
      }
      yield groups;
      if (rows.length < PAGE) return;
    }
  }

  async #attach(runId: string, group: readonly StoredEvent[]): Promise<readonly RunEvent[]> {
    const events: RunEvent[] = [];
    for (const event of group)
      events.push(await attached(event, (hash) => readBlob(this.storage, runId, hash)));
    return events;
  }

  /** The most recent runs first. */
  async list(filter: RunFilter = {}): Promise<StoredRun[]> {
    for (const text of [filter.dag, filter.runId])
      if (text !== undefined && !isStorable(text)) return [];
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
        'parent_run',
        'parent_node',
      ]);
    query = query.where('status', '!=', DELETED);
    if (filter.runId !== undefined) query = query.where('id', '=', filter.runId);
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
      parent:
        row.parent_run === null ? null : { runId: row.parent_run, nodes: row.parent_node ?? '' },
    }));
  }

  /** Results of earlier runs. */
  get memo(): MemoStore {
    return { get: (key, notBefore) => readMemo(this.storage, key, notBefore) };
  }
}

/** Whether a living process works on a run, as far as its lease tells. */
export const isOwned = (
  { owner, lease_until }: Pick<RunRow, 'owner' | 'lease_until'>,
  now: number,
): boolean => owner !== null && lease_until >= now && !isDead(owner);

/** A run that is not there, or is deleted while it is read. */
export const unknownRun = (runId: string, { location }: Storage): DaggerError =>
  new DaggerError('RUN_UNKNOWN', `there is no run '${runId}' in ${location}`, { ids: { runId } });

/** Text of PostgreSQL has no NUL, so no run id has one; JSON escapes it. */
const isStorable = (text: string): boolean => !text.includes('\0');

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
