import type { HumanInput } from '../actions/answer.ts';
import type { GlobalWrite } from '../cache/view.ts';
import type { ErrorData } from '../errors.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { RunStatus, SkipReason } from './status.ts';
import type { StateSnapshot } from './snapshot.ts';
import type { WaitRequest } from './waits.ts';

/**
 * What happens in a run, in the form that the journal keeps and the reducer folds. `n` is the number of a node, `at`
 * milliseconds since the Unix epoch. The same events in the same order always give the same state.
 */
export type RunEvent =
  | { readonly type: 'RunStarted'; readonly at: number; readonly hooked: boolean }
  /** The run begins where another was, but for some nodes that run anew. */
  | {
      readonly type: 'RunForked';
      readonly at: number;
      readonly from: string;
      readonly nodes: readonly string[];
      readonly state: StateSnapshot;
      /** What was written to shared values so far, in order, but by nodes that run anew. */
      readonly shared?: readonly SharedWrites[];
    }
  /** A new session of an unfinished or ended run. `retry`: failed and cancelled nodes get another chance. */
  | {
      readonly type: 'RunResumed';
      readonly at: number;
      readonly hooked: boolean;
      readonly retry: boolean;
    }
  /** `missed`: why no result of an earlier run was used, where one was looked for. */
  | {
      readonly type: 'NodeStarted';
      readonly n: number;
      readonly at: number;
      readonly missed?: 'no-result' | 'expired';
    }
  | NodeCompletedEvent
  | {
      readonly type: 'NodeRetrying';
      readonly n: number;
      readonly at: number;
      readonly error: ErrorData;
      readonly delay: number;
      readonly tokens?: number;
    }
  /** The wait before a retry is over. */
  | { readonly type: 'RetryDue'; readonly n: number; readonly at: number }
  | {
      readonly type: 'NodeFailed';
      readonly n: number;
      readonly at: number;
      readonly error: ErrorData;
      readonly tokens?: number;
      readonly metadata?: JsonObject;
    }
  | {
      readonly type: 'NodeSkipped';
      readonly n: number;
      readonly at: number;
      readonly reason: SkipReason;
    }
  | {
      readonly type: 'NodeCancelled';
      readonly n: number;
      readonly at: number;
      readonly reason: string;
    }
  | {
      readonly type: 'HandlerCompleted';
      readonly n: number;
      readonly at: number;
      readonly outputs: JsonObject;
      readonly tokens?: number;
    }
  | {
      readonly type: 'HandlerFailed';
      readonly n: number;
      readonly at: number;
      readonly error: ErrorData;
      readonly tokens?: number;
    }
  /** An attempt ended with a question; the node goes on when it is answered. */
  | {
      readonly type: 'NodeWaiting';
      readonly n: number;
      readonly at: number;
      readonly request: WaitRequest;
      readonly tokens?: number;
    }
  /** Somebody answered, whether the node waits already or not. */
  | {
      readonly type: 'InputGiven';
      readonly n: number;
      readonly at: number;
      readonly input: HumanInput;
    }
  /** Nobody answered in time. */
  | { readonly type: 'WaitExpired'; readonly n: number; readonly at: number }
  /** A shared value was set from outside. */
  | {
      readonly type: 'CacheUpdated';
      readonly at: number;
      readonly namespace: string;
      readonly key: string;
      readonly value: JsonValue;
    }
  /** `by`: the node whose event made a hook add them; absent when nobody's did. */
  | {
      readonly type: 'NodesAdded';
      readonly at: number;
      readonly nodes: readonly NodeDefinition[];
      readonly by?: number;
    }
  | {
      readonly type: 'InputsSet';
      readonly n: number;
      readonly at: number;
      readonly inputs: JsonObject;
    }
  | {
      readonly type: 'BranchPaused';
      readonly n: number;
      readonly at: number;
      readonly reason: string | null;
    }
  | { readonly type: 'BranchResumed'; readonly n: number; readonly at: number }
  | {
      readonly type: 'BranchCancelled';
      readonly n: number;
      readonly at: number;
      readonly reason: string | null;
    }
  | { readonly type: 'NodesEnabled'; readonly ns: readonly number[]; readonly at: number }
  | { readonly type: 'NodesDisabled'; readonly ns: readonly number[]; readonly at: number }
  | { readonly type: 'CustomEvent'; readonly at: number; readonly event: JsonValue }
  | {
      readonly type: 'CommandRejected';
      readonly at: number;
      readonly command: JsonValue;
      readonly by: string;
      /** The message of the inbox that brought it. */
      readonly message?: string;
      readonly error: ErrorData;
    }
  /**
   * The hooks saw every event before the one with sequence number `seq`, and of that one the first `parts` public events
   * (all when absent); their commands stand beside this event.
   */
  | {
      readonly type: 'HooksSeen';
      readonly seq: number;
      readonly parts?: number;
      readonly at: number;
    }
  /** The hooks were asked at the end of the run; their commands stand beside this event, and brought no new work. */
  | { readonly type: 'HooksConcluded'; readonly at: number }
  /** No new work starts; running work is asked to stop. */
  | {
      readonly type: 'RunStopping';
      readonly at: number;
      readonly why: 'cancelled' | 'timed_out' | 'failed';
      readonly error: ErrorData;
    }
  /** No new work starts, running work goes on to its end, and the run pauses. */
  | { readonly type: 'RunPausing'; readonly at: number; readonly error: ErrorData }
  | {
      readonly type: 'LimitReached';
      readonly at: number;
      readonly limit: 'maxTokens' | 'maxIterations';
      readonly bound: number;
      readonly used: number;
    }
  | {
      readonly type: 'RunFinished';
      readonly at: number;
      readonly status: Exclude<RunStatus, 'running'>;
      readonly error?: ErrorData;
    };

/** Writes of a node; null: from outside. */
export type SharedWrites = readonly [n: number | null, writes: readonly GlobalWrite[]];

export interface NodeCompletedEvent {
  readonly type: 'NodeCompleted';
  readonly n: number;
  readonly at: number;
  readonly outputs: JsonObject;
  /** The outputs came from an earlier run. */
  readonly cached?: true;
  readonly tokens?: number;
  readonly metadata?: JsonObject;
  readonly writes?: readonly GlobalWrite[];
}
