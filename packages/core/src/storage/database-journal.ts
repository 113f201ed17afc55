import type { CompiledQuery, Transaction } from 'kysely';
import type { CancelTimer } from '../clock.ts';
import { DaggerError, type ErrorData } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { RunEvent } from '../run/events.ts';
import { encodeEvents } from './codec.ts';
import type { MemoWrite, RunJournal } from './journal.ts';
import type { CoreTables } from './tables.ts';
import { LEASE, withParameters, type RunStore } from './run-store.ts';

export interface DatabaseJournalOptions {
  readonly store: RunStore;
  readonly runId: string;
  readonly fence: number;
  /** The sequence number of the next event. */
  readonly nextSeq: number;
  /** Whether the run had ended and goes on. */
  readonly reopens: boolean;
  /** Nodes per status, for the list of runs. */
  readonly counts: () => JsonObject;
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
  #closed = false;

  constructor(options: DatabaseJournalOptions) {
    this.#options = options;
    this.#seq = options.nextSeq;
    this.#reopens = options.reopens;
    const { store, runId, fence } = options;
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

  async append(events: readonly RunEvent[], memos: readonly MemoWrite[]): Promise<void> {
    if (events.length === 0) return;
    const { store, runId, fence } = this.#options;
    const reopens = this.#reopens;
    await this.#told(async () => {
      if (memos.length === 0 && !reopens) return this.#write(store.storage.db, events);
      await store.storage.transaction(async (trx) => {
        await this.#write(trx, events);
        await store.writeMemos(trx, memos);
        if (!reopens) return;
        await trx
          .updateTable('dagger_runs')
          .set({ status: 'running', finished_at: null })
          .where('id', '=', runId)
          .where('fence', '=', fence)
          .execute();
      });
    });
    this.#reopens = false;
  }

  async finish(events: readonly RunEvent[], memos: readonly MemoWrite[]): Promise<void> {
    const { store, runId, fence, counts } = this.#options;
    const last = events.at(-1);
    const finished = last?.type === 'RunFinished' ? last : undefined;
    const work = async (trx: Transaction<CoreTables>): Promise<void> => {
      await this.#write(trx, events);
      await store.writeMemos(trx, memos);
      await trx
        .updateTable('dagger_runs')
        .set({
          status: finished?.status ?? 'running',
          finished_at: finished?.at ?? null,
          error:
            finished?.error === undefined ? null : JSON.stringify(withoutStack(finished.error)),
          counts: JSON.stringify(counts()),
          owner: null,
          lease_until: 0,
        })
        .where('id', '=', runId)
        .where('fence', '=', fence)
        .execute();
    };
    await this.#told(async () => store.storage.transaction(work));
  }

  async outputsOf(n: number): Promise<JsonObject | undefined> {
    const { store, runId } = this.#options;
    let found: JsonObject | undefined;
    for await (const group of store.events(runId)) {
      for (const event of group)
        if (event.type === 'NodeCompleted' && event.n === n) found = event.outputs;
    }
    return found;
  }

  /** Gives up the ownership, so that another process may go on at once. */
  async release(): Promise<void> {
    this.close();
    const { store, runId, fence } = this.#options;
    await store.release(runId, fence);
  }

  close(): void {
    this.#closed = true;
    this.#heartbeat?.();
  }

  async #write(
    db: { executeQuery(query: CompiledQuery): Promise<{ readonly numAffectedRows?: bigint }> },
    events: readonly RunEvent[],
  ): Promise<void> {
    const { runId, fence } = this.#options;
    const { numAffectedRows } = await db.executeQuery(
      withParameters(this.#append, [this.#seq, encodeEvents(events), runId, fence]),
    );
    if (numAffectedRows !== 1n) throw this.#taken();
    this.#seq += events.length;
  }

  /** Tells a failure of the database as one of ours, with the run and the place. */
  async #told(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      if (cause instanceof DaggerError) throw cause;
      const { store, runId } = this.#options;
      const reason = cause instanceof Error ? cause.message : 'unknown';
      throw new DaggerError(
        'STORAGE_FAILED',
        `run '${runId}' could not be stored in ${store.storage.location}: ${reason}`,
        { ids: { runId }, cause, recoverable: true },
      );
    }
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
      if (this.#closed) return;
      if (renewed.numUpdatedRows === 0n) lost(this.#taken());
      else this.#beat();
    };
    this.#heartbeat = store.clock.after(LEASE / 3, () => {
      // A beat that storage refuses is tried again; the lease runs out if that goes on.
      renew().catch(() => {
        if (!this.#closed) this.#beat();
      });
    });
  }
}

const withoutStack = ({ stack: _stack, ...rest }: ErrorData): Omit<ErrorData, 'stack'> => rest;
