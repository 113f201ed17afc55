import type { TaskState } from '../lifecycle/states.ts';
import type { TaskType } from '../spec/task-spec.ts';

/** Which tasks; all that is given must hold. */
export interface TaskFilter {
  readonly jobId?: string;
  readonly type?: TaskType;
  readonly state?: TaskState | readonly TaskState[];
  /** The id of the parent; null: tasks without one. */
  readonly parent?: string | null;
  readonly agent?: string;
  /** Which come first. Default `oldest`. */
  readonly first?: 'oldest' | 'newest';
  /** Default 1,000. */
  readonly limit?: number;
  readonly offset?: number;
}

/** Which jobs; all that is given must hold. */
export interface JobFilter {
  readonly status?: 'running' | 'paused' | 'succeeded' | 'failed' | 'cancelled';
  /** Default 50. */
  readonly limit?: number;
}
