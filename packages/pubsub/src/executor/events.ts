import type { ErrorData } from '@dagger/core';
import type { Message } from '../message/message.ts';
import type { AttemptReport, PubSubReport, StopReason } from './report.ts';

/** What happens on a bus, for watchers. */
export type BusEvent =
  | { readonly type: 'MessagePublished'; readonly message: Message }
  /** There was no room for it in the queue of the group. */
  | { readonly type: 'MessageDropped'; readonly message: Message; readonly group: string }
  | { readonly type: 'AttemptEnded'; readonly attempt: AttemptReport }
  | {
      readonly type: 'DeadLettered';
      readonly message: Message;
      readonly agent: string;
      readonly error: ErrorData;
    }
  | { readonly type: 'ReviewRequested'; readonly message: Message }
  | {
      readonly type: 'ReviewDecided';
      readonly messageId: string;
      readonly decision: 'approved' | 'rejected' | 'autopilot' | 'overdue';
    }
  | { readonly type: 'TreeStopped'; readonly correlationId: string; readonly reason: StopReason }
  /** Nothing of the tree is left to be done. */
  | { readonly type: 'TreeEnded'; readonly report: PubSubReport };
