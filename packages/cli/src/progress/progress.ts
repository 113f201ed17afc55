import type { ExecutionEvent } from '@dagger/core';

/** Tells on stderr how a run goes. */
export interface Progress {
  tell(event: ExecutionEvent): void;
  /** A line that stays. */
  say(line: string): void;
  /** The last call: takes away what does not stay. */
  stop(): void;
}
