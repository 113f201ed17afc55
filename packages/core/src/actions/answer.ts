import type { JsonValue } from '../json.ts';

/** What a person, or a program in their place, said to a node. */
export interface HumanInput {
  readonly decision: 'approve' | 'reject' | 'answer';
  /** What goes with it; null when there is nothing. */
  readonly data: JsonValue;
  readonly reason: string | null;
  /** Who said it. */
  readonly by: string | null;
}

/** What ended the wait of a node. */
export type WaitAnswer =
  | HumanInput
  /** Nobody answered in time, and the node was to go on without. */
  | {
      readonly decision: 'autopilot';
      readonly data: null;
      readonly reason: string;
      readonly by: null;
    };
