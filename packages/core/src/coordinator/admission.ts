import { toErrorData } from '../errors.ts';
import type { CacheStrategy } from '../graph/model.ts';
import { NodeFlag } from '../graph/topology.ts';
import { sealJson, type JsonObject } from '../json.ts';
import type { RunEvent } from '../run/events.ts';
import { Status } from '../run/status.ts';
import { Conditions } from './condition.ts';
import { resolveInputs } from './inputs.ts';
import type { Outcomes } from './outcomes.ts';
import { definitionOf, type Session } from './session.ts';

/** Decides which ready nodes start: free slots, conditions, results of earlier runs, iterations. */
export class Admission {
  /** Nodes to start once the events of this turn are durable. */
  starts: number[] = [];
  readonly #session: Session;
  readonly #outcomes: Outcomes;
  readonly #conditions: Conditions = new Conditions();

  constructor(session: Session, outcomes: Outcomes) {
    this.#session = session;
    this.#outcomes = outcomes;
  }

  /** Slots in use. A wait (for a retry, a person, a message) uses none. */
  get used(): number {
    return (
      this.#session.state.count(Status.RUNNING) +
      this.#session.lookups.underWay +
      this.#session.attempts.handlers.size
    );
  }

  /** Gives free slots to ready nodes. */
  fill(): void {
    const { state } = this.#session;
    const { slots } = this.#session;
    if (state.halt !== undefined) return;
    let free = slots - this.used;
    if (free > 0 && state.count(Status.READY) > free) this.#session.order.contend();
    while (free > 0) {
      const n = state.takeReady();
      if (n === -1) return;
      const flags = state.topology.flags[n] as number;
      if ((flags & (NodeFlag.CONDITION | NodeFlag.CACHED)) !== 0 && !this.#mayStart(n, flags)) {
        free = slots - this.used;
        if (state.halt !== undefined) return;
        continue;
      }
      if (this.#outOfIterations(n)) return;
      this.#session.emit(this.#startOf(n, flags));
      this.starts.push(n);
      free--;
    }
  }

  #startOf(n: number, flags: number): RunEvent {
    const { now } = this.#session.turns;
    const missed = (flags & NodeFlag.CACHED) === 0 ? undefined : this.#session.lookups.takeMiss(n);
    return missed === undefined
      ? { type: 'NodeStarted', n, at: now }
      : { type: 'NodeStarted', n, at: now, missed };
  }

  #outOfIterations(n: number): boolean {
    const { state } = this.#session;
    if (state.topology.action[n] !== state.topology.supervisor || state.attempt[n] !== 0)
      return false;
    if (state.iterations < this.#session.config.maxIterations) return false;
    state.returnReady(n);
    this.#session.emit({
      type: 'LimitReached',
      at: this.#session.turns.now,
      limit: 'maxIterations',
      bound: this.#session.config.maxIterations,
      used: state.iterations + 1,
    });
    return true;
  }

  /** Asks the condition of a node, and the results of earlier runs; false when it does not start now. */
  #mayStart(n: number, flags: number): boolean {
    const { now } = this.#session.turns;
    try {
      if (
        (flags & NodeFlag.CONDITION) !== 0 &&
        !this.#conditions.holds(this.#session.state, this.#session.cache, n)
      ) {
        this.#session.emit({ type: 'NodeSkipped', n, at: now, reason: 'condition' });
        return false;
      }
    } catch (error) {
      this.#session.emit({ type: 'NodeStarted', n, at: now });
      this.#outcomes.failed(
        n,
        { ...toErrorData(error, 'CONDITION_FAILED'), retryable: false },
        undefined,
      );
      return false;
    }
    if ((flags & NodeFlag.CACHED) === 0 || !this.#session.lookups.isDue(n)) return true;
    this.#lookUp(n);
    return false;
  }

  /** Looks for a result of an earlier run: the node completes with it, or takes its place among the ready ones again. */
  #lookUp(n: number): void {
    const { state, cache } = this.#session;
    const journal = this.#session.journal;
    const subject = () => ({
      action: this.#session.attempts.actionOf(n).action,
      strategy: definitionOf(this.#session.state, n).cacheStrategy as CacheStrategy,
      inputs: resolveInputs(state, cache, n, journal && ((from) => journal.outputsOf(from))),
      now: this.#session.turns.now,
    });
    this.#session.lookups.begin(n, subject, (found) =>
      this.#session.turns.post(() => {
        this.#session.lookups.underWay--;
        if (state.status[n] !== Status.READY) return;
        if (found === undefined || state.notes.get(n)?.again === true) state.returnReady(n);
        else
          this.#outcomes.complete({
            type: 'NodeCompleted',
            n,
            at: this.#session.turns.now,
            outputs: sealJson(found) as JsonObject,
            cached: true,
          });
      }),
    );
  }
}
