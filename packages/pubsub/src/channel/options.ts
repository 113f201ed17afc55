/** What happens to a message for which there is no room. */
export type Overflow =
  /** Whoever publishes waits. */
  | 'block'
  /** The oldest message that waits is dropped. */
  | 'dropOldest'
  /** The new message is dropped. */
  | 'dropNewest'
  /** Publishing is refused with CHANNEL_FULL, and nobody receives the message. */
  | 'error';

export const OVERFLOWS: readonly Overflow[] = ['block', 'dropOldest', 'dropNewest', 'error'];

/** The queue in which the messages of one group wait. */
export interface QueueOptions {
  /** Messages that may wait. Default 1,024. */
  readonly capacity?: number | undefined;
  /** Default `block`. */
  readonly overflow?: Overflow | undefined;
}

export const DEFAULT_CAPACITY = 1_024;

/** Characters that the name of a channel may have. */
export const LONGEST_CHANNEL = 255;
