import type { Storage } from '@dagger/core';

/** What a process works with. */
export interface World {
  /** The storage itself, for looking at it. */
  readonly bare: Storage;
  /** The same; the process dies at one of its commits. */
  readonly storage: Storage;
  /** The file of side effects. */
  readonly effects: string;
}
