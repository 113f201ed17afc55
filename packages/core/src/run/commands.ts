import type { HumanInput } from '../actions/answer.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { InputField, JoinPolicy, DependencySpec } from '../graph/model.ts';

/** A node to add to a run. */
export interface NodeSpecData {
  /** Made from the action's name when absent; unique either way. */
  readonly id?: string;
  readonly action: string;
  /** Ids of nodes of the run, finished or not, or of the same command. */
  readonly deps?: readonly DependencySpec[];
  /** Literal inputs by name, or fields with references. */
  readonly inputs?: JsonObject | readonly InputField[];
  /** Seconds for one attempt. */
  readonly timeout?: number;
  /** Seconds that a successful attempt is expected to take, above 0. */
  readonly duration?: number;
  /** Attempts in all. */
  readonly tryCount?: number;
  readonly description?: string;
  readonly when?: string;
  readonly join?: JoinPolicy;
  readonly failure?: string;
  readonly onfailure?: boolean;
}

/** A request to change a run. Only the coordinator carries it out; hooks return commands, applications send them. */
export type ExecutorCommand =
  | { readonly type: 'AddNode'; readonly spec: NodeSpecData }
  /** All of them, or none when one is wrong. */
  | { readonly type: 'AddNodes'; readonly specs: readonly NodeSpecData[] }
  /** Literal inputs for a node that has not started; they go over those of its definition. */
  | { readonly type: 'SetNodeInputs'; readonly nodeId: string; readonly inputs: JsonObject }
  /** A branch is a node and everything downstream of it. What runs ends; nothing of the branch starts. */
  | { readonly type: 'PauseBranch'; readonly branchId: string; readonly reason?: string }
  | { readonly type: 'ResumeBranch'; readonly branchId: string }
  | { readonly type: 'CancelBranch'; readonly branchId: string; readonly reason?: string }
  /** Approves, rejects or answers what a node asks, now or later: an input that comes before the question is kept. */
  | {
      readonly type: 'GiveInput';
      readonly nodeId: string;
      readonly decision: HumanInput['decision'];
      readonly data?: JsonValue;
      readonly reason?: string;
      readonly by?: string;
    }
  /** Sets a shared value, and answers every node that waits for it. */
  | {
      readonly type: 'UpdateCache';
      readonly namespace: string;
      readonly key: string;
      readonly value: JsonValue;
    }
  /** Running nodes go on to their end, nothing new starts, and the run pauses. */
  | { readonly type: 'PauseRun'; readonly reason?: string }
  | { readonly type: 'CancelRun'; readonly reason?: string }
  | { readonly type: 'EmitEvent'; readonly event: JsonValue }
  | { readonly type: 'EnableNodes'; readonly nodeIds: readonly string[] }
  | { readonly type: 'DisableNodes'; readonly nodeIds: readonly string[] };

/** A node to add, built step by step; immutable, each step gives a new one. */
export class NodeSpec implements NodeSpecData {
  readonly action: string;
  declare readonly id?: string;
  declare readonly deps?: readonly DependencySpec[];
  declare readonly inputs?: JsonObject | readonly InputField[];
  declare readonly timeout?: number;
  declare readonly duration?: number;
  declare readonly tryCount?: number;

  constructor(action: string, rest: Omit<NodeSpecData, 'action'> = {}) {
    this.action = action;
    Object.assign(this, rest);
    Object.freeze(this);
  }

  #with(change: Omit<NodeSpecData, 'action'>): NodeSpec {
    const { action, ...rest } = this;
    return new NodeSpec(action, { ...rest, ...change });
  }

  withId(id: string): NodeSpec {
    return this.#with({ id });
  }

  withDeps(...deps: readonly DependencySpec[]): NodeSpec {
    return this.#with({ deps });
  }

  withInputs(inputs: JsonObject | readonly InputField[]): NodeSpec {
    return this.#with({ inputs });
  }

  withTimeout(seconds: number): NodeSpec {
    return this.#with({ timeout: seconds });
  }

  withDuration(seconds: number): NodeSpec {
    return this.#with({ duration: seconds });
  }

  withTryCount(attempts: number): NodeSpec {
    return this.#with({ tryCount: attempts });
  }
}
