import type { HandleOrder } from '../durable/contender.ts';

export type NatsName = 'dagger' | 'bare client' | 'bare client, tuned';

/** A program that has one stream to itself, with one durable reader. */
export interface NatsProgram {
  /** Publishes the orders from 0 on, `AT_ONCE` at a time; resolves when the server has stored all of them. */
  readonly publish: (messages: number) => Promise<void>;
  /** Begins to handle what comes, at most `AT_ONCE` at a time, and to acknowledge it. @returns what ends that */
  readonly read: () => Promise<() => Promise<unknown>>;
  /** Resolves when the server has the acknowledgements. */
  readonly settled: () => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

export interface NatsContender {
  readonly name: NatsName;
  /** Makes the stream. */
  readonly open: (stream: string, handle: HandleOrder) => Promise<NatsProgram>;
}
