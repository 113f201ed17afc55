import type { CompiledQuery, Kysely, Transaction } from 'kysely';
import type { CancelTimer } from '../clock.ts';
import { DaggerError, type ErrorData } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { RunEvent } from '../run/events.ts';
import type { RunStatus } from '../run/status.ts';
import { markTaken } from './inbox.ts';
import { keepBlobs } from './blobs.ts';
import { prepareGroup, type PreparedGroup } from './group.ts';
import type { Beside, MemoWrite, RunJournal } from './journal.ts';
import { writeMemoRows } from './memo-rows.ts';
import { OutputPlaces } from './output-places.ts';
import type { CoreTables, RunRow } from './tables.ts';
import { LEASE, withParameters, type RunStore } from './run-store.ts';

export interface DatabaseJournalOptions {
  readonly store: RunStore;
  readonly runId: string;
  readonly fence: number;
  /** The sequence number of the next event. */
  readonly nextSeq: number;
  /** Whether the run had ended and goes on. */
  readonly reopens: boolean;
  readonly idOf: (n: number) => string;
  /** Nodes per status, for the list of runs. */
  readonly counts: () => JsonObject;
  /** The run ended and that is durable; what goes wrong here does it no harm. */
  readonly concluded?: (status: RunStatus) => Promise<void>;
  /** Another process took the run over. */
  readonly lost: (error: DaggerError) => void;
}

/** The journal of one run in a database: a row per group of events, and a lease that is renewed while it is open. */
export class DatabaseJournal implements RunJournal {
  readonly #options: DatabaseJournalOptions;
  readonly #append: CompiledQuery;
  #seq: number;
  /** Whether the first group opens a run again that had ended. */
  #reopens: boolean;
  #heartbeat: CancelTimer | undefined;
  readonly #places: OutputPlaces;
  readonly #closing: AbortController = new AbortController();

  constructor(options: DatabaseJournalOptions) {
    this.#options = options;
    this.#seq = options.nextSeq;
    this.#reopens = options.reopens;
    const { store, runId, fence } = options;
    this.#places = new OutputPlaces(store.storage, runId);
    const { db, abilities } = store.storage;
    // One statement both checks the fence and writes, so that a group needs no transaction of its own. Where several
    // transactions write at a time (PostgreSQL, at READ COMMITTED), it locks the row of the run, as every change of
    // the owner does. Of an insert and a claim one waits for the other:
    // - the claim waits: it sees its fence unchanged, and the new owner, who reads the journal after the claim, sees
    //   the group;
    // - the insert waits: PostgreSQL checks the condition again on the row as it was committed, finds another fence
    //   and writes nothing.
    // In a transaction the lock lasts to the commit, so what follows the insert there is as safe. The heartbeat, the
    // release and the claim are updates of that row alone, and check the fence again in the same way.
    this.#append = db
      .insertInto('dagger_journal')
      .columns(['run_id', 'seq', 'body'])
      .expression((eb) =>
        eb
          .selectFrom('dagger_runs')
          .select((s) => ['dagger_runs.id', s.val(0).as('seq'), s.val('').as('body')])
          .where('dagger_runs.id', '=', runId)
          .where('dagger_runs.fence', '=', fence)
          .$if(abilities.rowLocks, (q) => q.forNoKeyUpdate()),
      )
      .compile();
    this.#beat();
  }

  append(events: readonly RunEvent[], beside: Beside): Promise<void> {
    if (events.length === 0) return Promise.resolve();
    return this.#reopens ? this.#reopen(events, beside) : this.#commit(events, beside, undefined);
  }

  async #reopen(events: readonly RunEvent[], beside: Beside): Promise<void> {
    await this.#commit(events, beside, async (trx) =>
      this.#update(trx, { status: 'running', finished_at: null }),
    );
    this.#reopens = false;
  }

  async finish(events: readonly RunEvent[], beside: Beside): Promise<void> {
    const last = events.at(-1);
    const finished = last?.type === 'RunFinished' ? last : undefined;
    await this.#commit(events, beside, async (trx) =>
      this.#update(trx, {
        status: finished?.status ?? 'running',
        finished_at: finished?.at ?? null,
        error: finished?.error === undefined ? null : JSON.stringify(withoutStack(finished.error)),
        counts: JSON.stringify(this.#options.counts()),
        owner: null,
        lease_until: 0,
      }),
    );
    if (finished !== undefined) await this.#options.concluded?.(finished.status).catch(() => {});
  }

  /** @throws DaggerError STORAGE_FAILED */
  async outputsOf(n: number): Promise<JsonObject | undefined> {
    const { store, runId } = this.#options;
    // A connection that breaks must not fail the node that reads.
    return store.insist(runId, {
      write: async () => (await this.#places.outputsOf(n)) ?? this.#inherited(n),
      look: async () => Promise.resolve(undefined),
      signal: this.#closing.signal,
    });
  }

  /** What a fork took over stands in its first cache, not in its journal. */
  async #inherited(n: number): Promise<JsonObject | undefined> {
    const { store, runId, idOf } = this.#options;
    const row = await store.row(runId);
    if (row === undefined || row.parent_run === null) return undefined;
    return (await store.load(runId)).cache.nodes[idOf(n)];
  }

  /** Gives up the ownership, so that another process may go on at once. */
  async release(): Promise<void> {
    this.close();
    const { store, runId, fence } = this.#options;
    await store.release(runId, fence);
  }

  close(): void {
    this.#closing.abort();
    this.#heartbeat?.();
  }

  /** Writes a group, and what belongs into the same transaction. */
  async #commit(
    events: readonly RunEvent[],
    { memos, taken }: Beside,
    also: ((trx: Transaction<CoreTables>) => Promise<void>) | undefined,
  ): Promise<void> {
    const { store, runId } = this.#options;
    const preparing = this.#prepare(events, memos);
    const group = preparing instanceof Promise ? await preparing : preparing;
    const alone =
      also === undefined &&
      taken.length === 0 &&
      group.memos.length === 0 &&
      group.large.length === 0;
    try {
      // The usual way, with nothing around it: this is what a run waits for all the time.
      await (alone
        ? this.#write(store.storage.db, group.body)
        : this.#transact(group, taken, also));
    } catch (error) {
      await store.insist(runId, {
        failed: { error },
        write: async () =>
          alone ? this.#write(store.storage.db, group.body) : this.#transact(group, taken, also),
        look: async () => this.#look(group, events.at(-1)?.type === 'RunFinished'),
        signal: this.#closing.signal,
      });
    }
    this.#places.note(events, this.#seq);
    this.#seq += events.length;
  }

  /** @throws DaggerError STORAGE_FAILED when JSON becomes longer than a text can be */
  #prepare(
    events: readonly RunEvent[],
    memos: readonly MemoWrite[],
  ): PreparedGroup | Promise<PreparedGroup> {
    const fail = (error: unknown): never => {
      throw this.#options.store.failureOf(this.#options.runId, error);
    };
    try {
      const preparing = prepareGroup(events, memos);
      return preparing instanceof Promise ? preparing.catch(fail) : preparing;
    } catch (error) {
      return fail(error);
    }
  }

  async #transact(
    { body, large, memos }: PreparedGroup,
    taken: readonly string[],
    also: ((trx: Transaction<CoreTables>) => Promise<void>) | undefined,
  ): Promise<void> {
    const { store, runId } = this.#options;
    await store.storage.transaction(async (trx) => {
      await this.#write(trx, body);
      await keepBlobs(trx, store.storage, runId, large);
      await writeMemoRows(trx, store.storage, memos);
      await markTaken(trx, runId, taken, store.clock.now());
      await also?.(trx);
    });
  }

  async #write(db: Pick<Kysely<CoreTables>, 'executeQuery'>, body: string): Promise<void> {
    const { runId, fence } = this.#options;
    const { numAffectedRows } = await db.executeQuery(
      withParameters(this.#append, [this.#seq, body, runId, fence]),
    );
    if (numAffectedRows !== 1n) throw this.#taken();
  }

  async #update(trx: Transaction<CoreTables>, values: Partial<RunRow>): Promise<void> {
    const { runId, fence } = this.#options;
    await trx
      .updateTable('dagger_runs')
      .set(values)
      .where('id', '=', runId)
      .where('fence', '=', fence)
      .execute();
  }

  /** Whether a group is there that was written with an error. @throws DaggerError RUN_LOST */
  async #look(
    { body }: PreparedGroup,
    last: boolean,
  ): Promise<{ readonly value: void } | undefined> {
    const { store, runId, fence } = this.#options;
    const row = await store.storage.db
      .selectFrom('dagger_runs')
      .leftJoin('dagger_journal', (join) =>
        join.onRef('run_id', '=', 'id').on('seq', '=', this.#seq),
      )
      .select(['fence', 'body'])
      .where('id', '=', runId)
      .executeTakeFirst();
    const there = row?.body === body;
    // The last group gives the run up, and somebody else may have it by now.
    if (row?.fence !== fence && !(there && last)) throw this.#taken();
    return there ? { value: undefined } : undefined;
  }

  #taken(): DaggerError {
    const { runId } = this.#options;
    return new DaggerError('RUN_LOST', `run '${runId}' was taken over by another process`, {
      ids: { runId },
    });
  }

  #beat(): void {
    const { store, runId, fence, lost } = this.#options;
    const renew = async (): Promise<void> => {
      const renewed = await store.storage.db
        .updateTable('dagger_runs')
        .set({ lease_until: store.clock.now() + LEASE })
        .where('id', '=', runId)
        .where('fence', '=', fence)
        .executeTakeFirst();
      if (this.#closing.signal.aborted) return;
      if (renewed.numUpdatedRows === 0n) lost(this.#taken());
      else this.#beat();
    };
    this.#heartbeat = store.clock.after(LEASE / 3, () => {
      // A beat that storage refuses is tried again; the lease runs out if that goes on.
      renew().catch(() => {
        if (!this.#closing.signal.aborted) this.#beat();
      });
    });
  }
}

const withoutStack = ({ stack: _stack, ...rest }: ErrorData): Omit<ErrorData, 'stack'> => rest;
