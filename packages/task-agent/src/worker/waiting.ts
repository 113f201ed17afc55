import type { Storage } from '@dagger/core';
import type { DependencyOutcome } from '../agent/context.ts';
import type { RegisteredAgent } from '../agent/registry.ts';
import { isEnd } from '../lifecycle/states.ts';
import type { DraftNeed, TaskDraft } from '../spec/draft.ts';
import type { TaskSpec } from '../spec/task-spec.ts';
import { outcomesOf } from '../store/reads.ts';
import { checkedOutcomes } from './outcomes.ts';
import { Parked } from './parked.ts';

/** What an attempt asks for when it ends to wait. */
export interface ParkRequest {
  readonly drafts: readonly TaskDraft[];
  readonly needs: readonly DraftNeed[];
  readonly message: string | undefined;
}

export interface WaitingOptions {
  readonly taskId: string;
  readonly storage: Storage;
  readonly mustBeOwn: () => void;
  readonly read: (specs: readonly TaskSpec[]) => Promise<readonly TaskDraft[]>;
  readonly agent: (name: string) => RegisteredAgent | undefined;
  /** Ends the attempt in one step with what it asks for; rejects where that is refused, and then the attempt goes on. */
  readonly park: (request: ParkRequest) => Promise<void>;
}

interface Wanted {
  readonly specs: readonly TaskSpec[];
  readonly resolve: (outcomes: readonly DependencyOutcome[]) => void;
  readonly reject: (error: unknown) => void;
}

/** How an attempt waits for other tasks: it has what became of them, or it ends until they have ended. */
export class Waiting {
  readonly #options: WaitingOptions;
  #wanted: Wanted[] = [];

  constructor(options: WaitingOptions) {
    this.#options = options;
  }

  /** Whether something was asked for and is not decided yet. */
  get isPending(): boolean {
    return this.#wanted.length > 0;
  }

  /** What became of the tasks; rejects with `Parked` where one of them has not ended. */
  settle(specs: readonly TaskSpec[]): Promise<readonly DependencyOutcome[]> {
    const settled = new Promise<readonly DependencyOutcome[]>((resolve, reject) => {
      // What this throws rejects the promise.
      this.#options.mustBeOwn();
      this.#wanted.push({ specs, resolve, reject });
      // What is asked for in the same turn is one step.
      if (this.#wanted.length === 1) queueMicrotask(() => void this.#decide());
    });
    // An agent may not wait for what it asked for; then nobody hears that the attempt was over.
    settled.catch(() => {});
    return settled;
  }

  async #decide(): Promise<void> {
    // One more turn of microtasks, so that `Promise.all` over agents' own functions counts as one step too.
    await Promise.resolve();
    const wanted = this.#wanted;
    try {
      const lists: (readonly TaskDraft[])[] = [];
      for (const { specs } of wanted) lists.push(await this.#options.read(specs));
      const drafts = [...new Map(lists.flat().map((draft) => [draft.id, draft])).values()];
      const outcomes = await this.#ended(drafts.map(({ id }) => id));
      this.#wanted = [];
      if (outcomes !== undefined) {
        for (const [i, { resolve }] of wanted.entries())
          resolve((lists[i] ?? []).map(({ id }) => outcomes.get(id) as DependencyOutcome));
        return;
      }
      // The tasks are waited for whatever becomes of them; the agent hears of it when it is run again.
      const needs = drafts.map(({ id }) => ({ id, onFailure: 'continue' as const }));
      await this.#options.park({ drafts, needs, message: undefined });
      for (const { reject } of wanted) reject(new Parked(this.#options.taskId));
    } catch (error) {
      this.#wanted = [];
      for (const { reject } of wanted) reject(error);
    }
  }

  /** What became of tasks by their ids; undefined where one has not ended. */
  async #ended(
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, DependencyOutcome> | undefined> {
    const known = await outcomesOf(this.#options.storage, { ids });
    if (known.length < ids.length || !known.every(({ state }) => isEnd(state))) return undefined;
    const checked = await checkedOutcomes(known, this.#options.agent);
    return new Map(checked.map((outcome) => [outcome.taskId, outcome]));
  }

  /** @param hasNewNeeds whether the agent has others to wait for, although they may have ended by now: then it is run again */
  async block(message: string | undefined, hasNewNeeds: boolean): Promise<never> {
    const { mustBeOwn, storage, taskId, park } = this.#options;
    mustBeOwn();
    const waits =
      (hasNewNeeds && message === undefined) ||
      (await outcomesOf(storage, { of: taskId })).some(({ state }) => !isEnd(state));
    const why = message ?? 'its agent waits for a decision';
    await park({ drafts: [], needs: [], message: waits ? undefined : why });
    throw new Parked(taskId);
  }
}
