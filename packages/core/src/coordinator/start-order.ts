import type { ActionRegistry } from '../actions/registry.ts';
import type { NodeDefinition } from '../graph/model.ts';
import { Levels } from '../run/schedule.ts';
import type { RunState } from '../run/state.ts';

export interface StartOrderOptions {
  readonly state: RunState;
  readonly registry: ActionRegistry;
  /** Nodes of the graph before it grew. */
  readonly defined: number;
  /** Whether the critical path goes first; else the order of definition stays. */
  readonly byPath: boolean;
  /** Seconds that nodes took in earlier runs, by id; read when they are first needed. */
  readonly learned: () => ReadonlyMap<string, number>;
}

/**
 * Decides in which order ready nodes start. While there is a slot for each of them no order matters and none is worked out;
 * the first time there is not, the levels of all nodes are, if any duration is known.
 */
export class StartOrder {
  readonly #options: StartOrderOptions;
  #contended = false;
  #ranked = false;
  /** Where no node had a known duration, they are looked through again when the graph is so large. */
  #lookAgainAt = 0;
  #learned: ReadonlyMap<string, number> | undefined;
  /** Actions that were looked at for a duration of their own, and whether one has it. */
  #actionsSeen = 0;
  #actionsKnow = false;

  constructor(options: StartOrderOptions) {
    this.#options = options;
    // An earlier session of the run in this process may have had another order.
    options.state.rank(undefined);
  }

  /** Whether the order of starts mattered at some time, so that the durations of this run are worth keeping. */
  get mattered(): boolean {
    return this.#contended && this.#options.byPath;
  }

  /** More nodes are ready than there are free slots. */
  contend(): void {
    this.#contended = true;
    if (this.#ranked || !this.#options.byPath || !this.#knowsAny()) return;
    const { state } = this.#options;
    if (state.nodeCount < this.#lookAgainAt) return;
    const usual = this.#usual();
    if (usual === undefined) {
      this.#lookAgainAt = 2 * state.nodeCount;
      return;
    }
    state.rank(new Levels(state.topology, (n) => this.#secondsOf(n) ?? usual));
    this.#ranked = true;
  }

  /** Seconds that the node or its action gives. */
  given(n: number): number | undefined {
    const { state, registry } = this.#options;
    const { duration, action } = state.topology.definitions[n] as NodeDefinition;
    return duration ?? registry.get(action)?.duration;
  }

  #secondsOf(n: number): number | undefined {
    return this.given(n) ?? this.#learned?.get(this.#options.state.topology.idOf(n));
  }

  #knowsAny(): boolean {
    const { state, registry, learned } = this.#options;
    const { hasDurations, actionNames } = state.topology;
    this.#learned ??= learned();
    while (!this.#actionsKnow && this.#actionsSeen < actionNames.length) {
      const name = actionNames[this.#actionsSeen++] as string;
      this.#actionsKnow = registry.get(name)?.duration !== undefined;
    }
    return hasDurations || this.#actionsKnow || this.#learned.size > 0;
  }

  /**
   * What a node without a known duration counts as: the mean of the nodes of the graph that have one. Where only nodes that
   * were added do, it is that of the first: so it is the same after a recovery, however far the run has grown by then.
   */
  #usual(): number | undefined {
    const { state, defined } = this.#options;
    let sum = 0;
    let known = 0;
    for (let n = 0; n < state.nodeCount; n++) {
      if (n >= defined && known > 0) break;
      const seconds = this.#secondsOf(n);
      if (seconds === undefined) continue;
      sum += seconds;
      known++;
    }
    return known === 0 ? undefined : sum / known;
  }
}
