import type { Cache } from '../cache/cache.ts';
import { DaggerError } from '../errors.ts';
import { parseCondition, type Condition, type ConditionProblem } from '../graph/expression.ts';
import { RUN_INPUTS } from '../graph/reference.ts';
import { EMPTY_OBJECT, type JsonValue } from '../json.ts';
import type { RunState } from '../run/state.ts';
import { statusName } from '../run/status.ts';

/** Evaluates the conditions of one run; each text is parsed once. */
export class Conditions {
  readonly #parsed: Map<string, Condition | ConditionProblem> = new Map();

  /**
   * Whether node `n` shall run. A condition sees the nodes that it names and those that its node depends on.
   * @throws DaggerError CONDITION_FAILED when it cannot be computed or is not a boolean
   */
  holds(state: RunState, cache: Cache, n: number): boolean {
    const text = state.topology.definitions[n]?.when;
    if (text === undefined) return true;
    let condition = this.#parsed.get(text);
    if (condition === undefined) this.#parsed.set(text, (condition = parseCondition(text)));
    if (!condition.ok)
      throw new DaggerError('CONDITION_FAILED', `the condition is not valid: ${condition.message}`);
    const outputs = new Map<string, JsonValue>();
    const status = new Map<string, JsonValue>();
    const seen = new Set([
      ...state.topology.dependenciesOf(n).map((d) => d.node),
      ...condition.reads.flatMap((id) => state.topology.numberOf(id) ?? []),
    ]);
    for (const node of seen) {
      const id = state.topology.idOf(node);
      status.set(id, statusName(state.status[node] as number));
      const values = cache.outputsOf(id);
      if (values !== undefined) outputs.set(id, values);
    }
    return condition.evaluate({
      inputs: cache.outputsOf(RUN_INPUTS) ?? EMPTY_OBJECT,
      outputs,
      status,
    });
  }
}
