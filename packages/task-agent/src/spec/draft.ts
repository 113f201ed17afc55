import type { OnDependencyFailure, StoredOptions, TaskType } from './task-spec.ts';

/** A dependency of a task that is to be added. */
export interface DraftNeed {
  readonly id: string;
  readonly onFailure: OnDependencyFailure;
}

/** A task to be added, read and checked. */
export interface TaskDraft {
  readonly id: string;
  readonly key: string;
  readonly parentId: string | null;
  readonly depth: number;
  readonly agent: string;
  readonly type: TaskType;
  readonly title: string | null;
  /** JSON. */
  readonly input: string;
  readonly options: StoredOptions;
  readonly priority: number;
  readonly ord: number;
  readonly delayMs: number;
  readonly timeoutMs: number | null;
  readonly needs: readonly DraftNeed[];
}
