import { DaggerError, type Clock, type Storage } from '@dagger/core';
import type { Transaction } from 'kysely';
import type { TaskTables } from '../store/tables.ts';
import type { ClaimedTask } from './claim.ts';
import { completeTasks, type Completion } from './complete.ts';
import { Unit, type Effects, type Verdicts } from './unit.ts';

/**
 * A change that is committed with others. It is decided and written in one transaction, and may be done again when it is not
 * known whether that was committed: then it finds what it wrote, and adds nothing.
 */
export interface Operation<T> {
  /** The jobs whose locks it needs. */
  readonly jobs: readonly string[];
  /**
   * Asks for what `run` is going to read, together with the locks: one journey to the database less. Only called where nothing
   * else in the transaction can change that.
   */
  ahead?(unit: Unit): Promise<void>;
  /** A `DaggerError` that it throws undoes it, and reaches whoever asked; others are troubles of the database. */
  run(unit: Unit): Promise<T>;
}

/** Takes tasks at the end of each transaction, when there is room for some. */
export interface Claimer {
  /** Whether a transaction is worth it only to claim. */
  readonly wants: boolean;
  /**
   * Takes tasks beside the transaction that follows, if that is better than within it; it wants nothing then, until that is
   * over. `isAlone`: the transaction would do nothing else.
   */
  claimBeside(isAlone: boolean): void;
  /** Undefined when it has no room. */
  claim(trx: Transaction<TaskTables>, unit: Unit): Promise<readonly ClaimedTask[] | undefined>;
  /** What `claim` gave is committed: they are the worker's. */
  took(tasks: readonly ClaimedTask[]): void;
  /** It is not known whether tasks were taken. */
  inDoubt(): void;
}

interface Entry {
  readonly operation: Operation<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface CompletionEntry {
  readonly completion: Completion;
  readonly resolve: (isOurs: boolean) => void;
  readonly reject: (error: unknown) => void;
}

interface Batch {
  readonly completions: readonly CompletionEntry[];
  readonly entries: readonly Entry[];
}

export interface CommitsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly verdicts: Verdicts;
  /** Called after each commit, before those who asked for it hear of it. */
  readonly committed: (effects: Effects) => void;
}

/** Milliseconds before a commit is tried again: doubled each time, up to the second number, for as long as the third. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1_000;
const PATIENCE = 10_000;

/**
 * Group commit: what is asked for while a transaction is under way, or within one turn of the event loop, goes down in the
 * next one, and nobody hears of it before that is durable. Completions of one transaction are one statement, and the
 * worker's claim rides along, so that a stream of short tasks costs one commit for many.
 */
export class Commits {
  readonly #options: CommitsOptions;
  #claimer: Claimer | undefined;
  #completions: CompletionEntry[] = [];
  #entries: Entry[] = [];
  #running = false;
  #asked = false;
  #idle: (() => void)[] = [];

  constructor(options: CommitsOptions) {
    this.#options = options;
  }

  attach(claimer: Claimer | undefined): void {
    this.#claimer = claimer;
  }

  /** Does an operation with the next commit. @throws whatever it throws; STORAGE_FAILED when the database cannot */
  do<T>(operation: Operation<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#entries.push({ operation, resolve: resolve as (value: unknown) => void, reject });
      this.ask();
    });
  }

  /** Completes a task with the next commit; false when it was the attempt's own no more. */
  complete(completion: Completion): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#completions.push({ completion, resolve, reject });
      this.ask();
    });
  }

  /** Sees to it that a commit follows, if only to claim. */
  ask(): void {
    if (this.#asked || this.#running) return;
    this.#asked = true;
    setImmediate(() => {
      this.#asked = false;
      void this.#loop();
    });
  }

  /** Resolves when nothing is left to be committed. */
  async settled(): Promise<void> {
    while (this.#running || this.#asked) await new Promise<void>((done) => this.#idle.push(done));
  }

  async #loop(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      const batch = { completions: this.#completions, entries: this.#entries };
      this.#completions = [];
      this.#entries = [];
      const isEmpty = batch.completions.length === 0 && batch.entries.length === 0;
      this.#claimer?.claimBeside(isEmpty);
      if (isEmpty && this.#claimer?.wants !== true) break;
      await this.#commit(batch);
    }
    this.#running = false;
    for (const done of this.#idle.splice(0)) done();
  }

  async #commit(batch: Batch): Promise<void> {
    let left = batch;
    const { clock } = this.#options;
    const deadline = clock.now() + PATIENCE;
    let pause = FIRST_PAUSE;
    let again = false;
    for (;;) {
      let blamed: Entry | undefined;
      try {
        await this.#transaction(left, again, (entry) => (blamed = entry));
        return;
      } catch (error) {
        const isAnswer = error instanceof DaggerError && blamed !== undefined;
        if (isAnswer) {
          // Nothing of the transaction is there; the others do without the one that was refused.
          blamed?.reject(error);
          left = { ...left, entries: left.entries.filter((entry) => entry !== blamed) };
          if (left.completions.length === 0 && left.entries.length === 0) return;
          continue;
        }
        this.#claimer?.inDoubt();
        const isHopeless = this.#isHopeless(error);
        if (isHopeless && left.completions.length + left.entries.length > 1) {
          await this.#oneByOne(left);
          return;
        }
        if (isHopeless || clock.now() >= deadline) {
          this.#fail(left, error);
          return;
        }
        again = true;
        await new Promise<void>((resolve) => void clock.after(pause, resolve));
        pause = Math.min(LONGEST_PAUSE, pause * 2);
      }
    }
  }

  /** One of several cannot be written: each by itself, so that it takes no other with it. */
  async #oneByOne({ completions, entries }: Batch): Promise<void> {
    for (const completion of completions)
      await this.#commit({ completions: [completion], entries: [] });
    for (const entry of entries) await this.#commit({ completions: [], entries: [entry] });
  }

  #isHopeless(error: unknown): boolean {
    if (error instanceof DaggerError) return !error.recoverable;
    if (error instanceof TypeError || error instanceof RangeError) return true;
    return this.#options.storage.isPermanent?.(error) ?? false;
  }

  #fail({ completions, entries }: Batch, cause: unknown): void {
    const { location } = this.#options.storage;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error =
      cause instanceof DaggerError
        ? cause
        : new DaggerError('STORAGE_FAILED', `tasks could not be stored in ${location}: ${reason}`, {
            cause,
            recoverable: true,
          });
    for (const { reject } of completions) reject(error);
    for (const { reject } of entries) reject(error);
  }

  async #transaction(
    batch: Batch,
    again: boolean,
    blame: (entry: Entry | undefined) => void,
  ): Promise<void> {
    const { storage, clock, verdicts, committed } = this.#options;
    const claimer = this.#claimer;
    const { effects, ours, values, claimed } = await storage.transaction(async (plain) => {
      const trx = plain as unknown as Transaction<TaskTables>;
      const unit = new Unit(trx, storage, { now: clock.now(), again, verdicts });
      try {
        const done = await this.#done(unit, batch, blame);
        const known = await unit.finish();
        const [claimed] = await Promise.all([claimer?.claim(trx, unit), unit.written()]);
        return { ...done, effects: known, claimed };
      } catch (error) {
        throw await unit.reason(error);
      }
    });
    committed(effects);
    if (claimed !== undefined) claimer?.took(claimed);
    const { completions, entries } = batch;
    for (const { completion, resolve } of completions) resolve(ours.has(completion.taskId));
    for (const [i, { resolve }] of entries.entries()) resolve(values[i]);
  }

  async #done(
    unit: Unit,
    { completions, entries }: Batch,
    blame: (entry: Entry | undefined) => void,
  ): Promise<{ readonly ours: ReadonlySet<string>; readonly values: readonly unknown[] }> {
    const jobs = new Set<string>();
    for (const { completion } of completions) jobs.add(completion.jobId);
    for (const { operation } of entries) for (const jobId of operation.jobs) jobs.add(jobId);
    const [first, second] = entries;
    const isAlone = completions.length === 0 && second === undefined;
    // Sent together, and done in this order: nothing is read or changed before the locks are there.
    const [, ours] = await Promise.all([
      unit.lock(jobs),
      completeTasks(
        unit,
        completions.map(({ completion }) => completion),
      ),
      isAlone ? first?.operation.ahead?.(unit) : undefined,
    ]);
    const values: unknown[] = [];
    for (const entry of entries) {
      blame(entry);
      values.push(await entry.operation.run(unit));
      blame(undefined);
    }
    return { ours, values };
  }
}
