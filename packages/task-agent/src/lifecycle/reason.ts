/** Why a task is where it is, as far as its row must say so. */
export type StoredReason =
  /** Its agent said that it cannot go on. */
  | { readonly kind: 'agent'; readonly message: string }
  /** Its worker died, and it must not run twice without a decision. */
  | { readonly kind: 'crash'; readonly worker: string }
  /** A person holds it, or its whole job; `was` is where it goes back to while it waits for others. */
  | {
      readonly kind: 'paused';
      readonly was: 'pending' | 'blocked';
      readonly message: string | null;
      /** The decision that it was waiting for, and waits for again afterwards. */
      readonly before?: StoredReason;
    }
  /** A dependency ended without success. */
  | {
      readonly kind: 'dependency';
      readonly taskId: string;
      readonly state: string;
      /** The task with which it began. */
      readonly origin: string;
    }
  /** Somebody cancelled it, or its job. */
  | { readonly kind: 'cancelled'; readonly message: string }
  /** A reviewer is to look at its output; null: a person. */
  | { readonly kind: 'review'; readonly reviewer: string | null }
  /** The last reviewer sent it back. */
  | { readonly kind: 'sent back'; readonly message: string };

export const readReason = (text: string | null): StoredReason | null =>
  text === null ? null : (JSON.parse(text) as StoredReason);

export const writeReason = (reason: StoredReason): string => JSON.stringify(reason);

/** Why a task that could go on does not: its job is paused. */
export const HELD_WITH_JOB: string = writeReason({ kind: 'paused', was: 'pending', message: null });
