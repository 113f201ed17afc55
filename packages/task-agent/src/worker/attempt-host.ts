import type { Clock, Ids, Logger, Storage } from '@dagger/core';
import type { RegisteredAgent } from '../agent/registry.ts';
import type { TaskDraft } from '../spec/draft.ts';
import type { TaskSpec } from '../spec/task-spec.ts';
import type { Commits } from '../unit/commits.ts';
import type { TaskAttempt } from './attempt.ts';

/** What attempts share with their worker. */
export interface AttemptHost {
  readonly storage: Storage;
  readonly commits: Commits;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly appData: unknown;
  /** Milliseconds for an attempt whose task and agent say nothing. */
  readonly defaultTimeout: number;
  readonly longestValue: number;
  /** Reads specs of tasks that an attempt adds. */
  read(specs: readonly TaskSpec[], attempt: TaskAttempt): Promise<readonly TaskDraft[]>;
  agent(name: string): RegisteredAgent | undefined;
  /** Calls back at a time, until called off. */
  at(due: number, fire: () => void): () => void;
  /** An attempt made progress that watchers hear of. */
  progressed(attempt: TaskAttempt, fraction: number, message: string | null): void;
  /** The attempt is over and its slot is free; how it ended is about to be stored. */
  over(attempt: TaskAttempt): void;
  /** How it ended is stored, or cannot be. */
  stored(attempt: TaskAttempt): void;
  /** How it ended cannot be stored, and the task may still be its own. */
  unstored(attempt: TaskAttempt): void;
}
