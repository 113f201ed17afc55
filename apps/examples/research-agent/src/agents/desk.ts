import type { TaskContext } from '@dagger/tasks';
import type { Library } from '../library/library.ts';
import type { Thinking } from '../thinking/thinking.ts';

/** What all agents have before them: the application passes it to the manager as `appData`. */
export interface Desk {
  readonly library: Library;
  readonly thinking: Thinking;
  /** Milliseconds for each look into the library, so that people can watch. */
  readonly pace: number;
}

export const deskOf = ({ appData }: TaskContext<unknown>): Desk => appData as Desk;
