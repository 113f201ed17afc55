import { DaggerError, type Clock, type Storage } from '@dagger/core';
import { sql } from 'kysely';
import type { Commits } from './commits.ts';
import type { Blocked } from './plan.ts';

/** Milliseconds without a move after which an output that waits for room gives way. */
const STUCK = 50;

export interface ReliefOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly commits: Commits;
  readonly worker: () => number | undefined;
}

/**
 * Ends the waiting of outputs for room that nobody can make: all who could wait for some themselves. A commit may be under way
 * when that is said, and another process may be at work: so one looks after a moment, and again until it is known.
 */
export class Relief {
  readonly #options: ReliefOptions;
  #cancel: (() => void) | undefined;
  #isUnderWay = false;
  #saidAgain = false;
  #isStopped = false;

  constructor(options: ReliefOptions) {
    this.#options = options;
  }

  /** Nobody is at work in this process. @returns whether any output may wait */
  ask(): boolean {
    const { commits } = this.#options;
    const mayWait = commits.isBusy || this.#oldest() !== undefined;
    if (this.#isUnderWay) this.#saidAgain = mayWait;
    else if (mayWait) this.#lookAfter(commits.progress);
    return mayWait;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #oldest(): Blocked | undefined {
    return this.#options.commits.waiting.find(({ write }) => write.delivery !== undefined);
  }

  /** @param progress as it was when nobody was at work: whoever makes some says so again. */
  #lookAfter(progress: number): void {
    this.#isUnderWay = true;
    this.#saidAgain = false;
    this.#cancel = this.#options.clock.after(STUCK, () => void this.#look(progress));
  }

  async #look(progress: number): Promise<void> {
    const isOver = await this.#relieve(progress).catch(() => false);
    this.#isUnderWay = false;
    if (this.#isStopped) return;
    if (!isOver) this.#lookAfter(progress);
    else if (this.#saidAgain) this.#lookAfter(this.#options.commits.progress);
  }

  /** @returns whether there is nothing to wait for any more */
  async #relieve(progress: number): Promise<boolean> {
    const { commits, storage, worker } = this.#options;
    if (progress !== commits.progress) return true;
    const oldest = this.#oldest();
    if (oldest === undefined) return !commits.isBusy;
    const { write, group } = oldest;
    const { rows } = await sql<{ readonly worker: number }>`
      select distinct worker from dagger_pubsub_deliveries where group_id = ${group.id} and state = 1`.execute(
      storage.db,
    );
    const isOurs = rows.length > 0 && rows.every((row) => row.worker === worker());
    if (!isOurs || progress !== commits.progress) return false;
    const error = new DaggerError(
      'CHANNEL_DEADLOCK',
      `there is no room for '${group.name}', and all who could make room wait for some themselves: raise the capacity, or choose another overflow`,
      { ids: { agent: group.name }, recoverable: true },
    );
    commits.refuse(write, { error });
    return true;
  }
}
