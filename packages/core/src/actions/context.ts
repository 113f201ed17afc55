import type { CacheView } from '../cache/view.ts';
import type { ErrorData } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { WaitAnswer } from './answer.ts';
import type { NodeLogger } from './logger.ts';

/** What became of a dependency by the time that the attempt began. */
export interface DependencyOutcome {
  readonly nodeId: string;
  /** `unsettled`: it has not ended, and the join of the node did not wait for it. */
  readonly status: 'succeeded' | 'failed' | 'skipped' | 'cancelled' | 'unsettled';
  /** Why it failed; null unless it did. */
  readonly error: ErrorData | null;
  /** Why it was skipped or cancelled; null unless it was. */
  readonly reason: string | null;
}

/** What an action sees of the run: immutable, and good for one attempt. */
export interface ActionContext<I = JsonObject> {
  readonly runId: string;
  readonly dagName: string;
  readonly nodeId: string;
  /** The inputs, resolved and checked against the schema of the action. */
  readonly inputs: I;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Aborted when the attempt times out, or its branch or run is cancelled. */
  readonly signal: AbortSignal;
  /** The same for every attempt of this node in this run: give it to services that deduplicate. */
  readonly idempotencyKey: string;
  /** Results of other nodes and shared values. Writes take effect together with the success of the attempt. */
  readonly cache: CacheView;
  /** The dependencies of the node, in the order of its definition: optional ones may have ended in any way. */
  readonly dependencies: readonly DependencyOutcome[];
  /** What a person said to the question that an earlier call of this action asked; null before. */
  readonly answer: WaitAnswer | null;
  /** What the application passed when it opened the executor. */
  readonly appData: unknown;
  readonly log: NodeLogger;
  /** Tells watchers how far the work is: a fraction from 0 to 1, and a word about it. */
  readonly progress: (fraction: number, message?: string) => void;
  /** Adds to the tokens that this node used; counted against `maxTokens` when the attempt ends. */
  readonly useTokens: (tokens: number) => void;
}

/** What a failure handler gets as its inputs. */
export interface FailureInputs {
  readonly nodeId: string;
  readonly error: { readonly code: string; readonly name: string; readonly message: string };
  readonly attempts: number;
  /** The inputs of the failed node, or null when they could not be resolved. */
  readonly inputs: JsonObject | null;
}
