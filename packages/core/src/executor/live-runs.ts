import type { LiveRun } from '../coordinator/live-run.ts';
import { DaggerError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { DatabaseJournal } from '../storage/database-journal.ts';
import type { RunHandle } from './handle.ts';

/** A run on which this executor works. */
interface Live {
  readonly run: LiveRun;
  readonly graph: Graph;
  readonly journal: DatabaseJournal | undefined;
  /** A new handle on it. */
  readonly handle: () => RunHandle;
}

/** The runs on which an executor works, and those that it is just opening. One id is one run. */
export class LiveRuns {
  readonly #byId: Map<string, Live> = new Map();
  readonly #opening: Map<string, Promise<RunHandle>> = new Map();
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  get(runId: string): Live | undefined {
    return this.#byId.get(runId);
  }

  has(runId: string): boolean {
    return this.#byId.has(runId);
  }

  /** What becomes of a run that is just being opened. */
  opening(runId: string): Promise<RunHandle> | undefined {
    return this.#opening.get(runId);
  }

  add(live: Live): void {
    this.#byId.set(live.run.runId, live);
  }

  delete(runId: string): void {
    this.#byId.delete(runId);
  }

  /** Two calls with one run id get one run: that of the first, with its hooks and its signal. */
  async once(runId: string, open: () => Promise<RunHandle>): Promise<RunHandle> {
    const live = this.#byId.get(runId);
    if (live !== undefined) return live.handle();
    const opening = this.#opening.get(runId) ?? open().finally(() => this.#opening.delete(runId));
    this.#opening.set(runId, opening);
    return opening;
  }

  /** @throws DaggerError EXECUTOR_CLOSED */
  mustBeOpen(): void {
    if (this.#closed) throw new DaggerError('EXECUTOR_CLOSED', 'the executor was closed');
  }

  /** Lets go of every run without ending it; gives what went wrong. */
  async close(): Promise<unknown[]> {
    this.#closed = true;
    const failures: unknown[] = [];
    const live = [...this.#byId.values()];
    this.#byId.clear();
    for (const { run } of live) run.letGo();
    const released = await Promise.allSettled(live.map(async ({ journal }) => journal?.release()));
    for (const result of released) if (result.status === 'rejected') failures.push(result.reason);
    // What is being opened gives its claim back, as long as there is a storage to tell.
    await Promise.allSettled(this.#opening.values());
    return failures;
  }
}
