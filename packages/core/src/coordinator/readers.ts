import { parseCondition } from '../graph/expression.ts';
import type { NodeDefinition } from '../graph/model.ts';
import { parseReference, RUN_INPUTS } from '../graph/reference.ts';
import type { RunState } from '../run/state.ts';
import { isSettled } from '../run/status.ts';

/**
 * Which nodes read the outputs of a node, by a reference or in a condition. Made when a limited cache first asks, and
 * carried on as the graph grows.
 */
export class Readers {
  readonly #state: RunState;
  readonly #byReference: Map<number, number[]> = new Map();
  readonly #byCondition: Map<number, number[]> = new Map();
  #indexed = 0;

  constructor(state: RunState) {
    this.#state = state;
  }

  /**
   * Whether the run may still read the outputs of a node from its cache.
   * @param stored whether a reference can be served from storage, so that only conditions need the cache
   */
  needs(id: string, stored: boolean): boolean {
    if (id === RUN_INPUTS) return true;
    const { topology } = this.#state;
    const n = topology.numberOf(id);
    if (n === undefined) return false;
    this.#index();
    if (this.#anyOpen(this.#byCondition.get(n))) return true;
    // The planner gets the outputs of what it planned, and names none of them.
    for (const step of topology.supervisorsOf(n)) if (this.#anyOpen([step])) return true;
    if (stored) return false;
    if (this.#anyOpen(this.#byReference.get(n))) return true;
    // An action may read the outputs of its dependencies without an input of that name; those of the last nodes are
    // the results of the run.
    const dependents = topology.dependentsOf(n);
    return dependents.length === 0 || this.#anyOpen(dependents);
  }

  #anyOpen(readers: readonly number[] | undefined): boolean {
    return readers?.some((reader) => !isSettled(this.#state.status[reader] as number)) === true;
  }

  #index(): void {
    const { topology } = this.#state;
    for (; this.#indexed < topology.count; this.#indexed++) {
      const reader = this.#indexed;
      const { inputs = [], when } = topology.definitions[reader] as NodeDefinition;
      for (const { reference } of inputs) {
        const read =
          reference === undefined
            ? undefined
            : parseReference(reference, (id) => topology.numberOf(id) !== undefined);
        if (read?.nodeId !== undefined)
          this.#note(this.#byReference, topology.numberOf(read.nodeId), reader);
      }
      const condition = when === undefined ? undefined : parseCondition(when);
      if (condition?.ok !== true) continue;
      for (const id of condition.reads)
        this.#note(this.#byCondition, topology.numberOf(id), reader);
      for (const { node } of topology.dependenciesOf(reader))
        this.#note(this.#byCondition, node, reader);
    }
  }

  #note(index: Map<number, number[]>, n: number | undefined, reader: number): void {
    if (n === undefined) return;
    const readers = index.get(n);
    if (readers === undefined) index.set(n, [reader]);
    else readers.push(reader);
  }
}
