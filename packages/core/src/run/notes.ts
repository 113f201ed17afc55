import type { WaitAnswer } from '../actions/answer.ts';
import type { ErrorData } from '../errors.ts';
import type { JsonObject } from '../json.ts';

/** A failed attempt that was followed by another. */
export interface RetryNote {
  readonly attempt: number;
  readonly startedAt: number;
  readonly error: ErrorData;
  readonly at: number;
  /** Milliseconds until the next attempt. */
  readonly delay: number;
}

export type HandlerNote =
  | { readonly status: 'pending' }
  | { readonly status: 'succeeded'; readonly outputs: JsonObject }
  | { readonly status: 'failed'; readonly error: ErrorData };

/** What is known of the few nodes that have more to tell than a status and two times. */
export interface NodeNotes {
  retries: RetryNote[];
  /** Retries before this one belong to earlier sessions and do not count against the attempts. */
  budgetFrom: number;
  error: ErrorData | undefined;
  /** A `SkipReason`, or why it was cancelled. */
  reason: string | undefined;
  handler: HandlerNote | undefined;
  /** Inputs set by a command, over those of the definition. */
  inputs: JsonObject | undefined;
  metadata: JsonObject | undefined;
  tokens: number;
  cached: boolean;
  /** A person asked to do it again: a result of an earlier run will not do. */
  again: boolean;
  /** Why no result of an earlier run was used, where one was looked for. */
  missed: 'no-result' | 'expired' | undefined;
  /** Cancelled together with its run, so that resuming the run gives it another chance. */
  cancelledWithRun: boolean;
  /** The latest answer to what the node asked. */
  answer: WaitAnswer | undefined;
  /** The next start goes on with the answer. */
  answered: boolean;
}

export const newNotes = (): NodeNotes => ({
  retries: [],
  budgetFrom: 0,
  error: undefined,
  reason: undefined,
  handler: undefined,
  inputs: undefined,
  metadata: undefined,
  tokens: 0,
  cached: false,
  again: false,
  missed: undefined,
  cancelledWithRun: false,
  answer: undefined,
  answered: false,
});
