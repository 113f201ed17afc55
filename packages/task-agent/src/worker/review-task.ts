import { DaggerError, type JsonObject, type JsonValue } from '@dagger/core';
import type { OnCrash } from '../agent/agent.ts';
import type { TaskDraft } from '../spec/draft.ts';
import { taskIdOf } from '../spec/task-id.ts';
import type { StoredOptions } from '../spec/task-spec.ts';
import type { ClaimedTask } from '../unit/claim.ts';
import type { Review } from '../unit/review.ts';

/** The task that looks at an output; a new one each time, so that each output has its own. */
export const reviewDraft = (
  task: ClaimedTask,
  { acceptanceCriteria = [] }: StoredOptions,
  {
    agent,
    onCrash,
    output,
  }: {
    readonly agent: string;
    readonly onCrash: OnCrash | undefined;
    readonly output: JsonValue;
  },
): TaskDraft => {
  const key = `review-${task.rejections + 1}`;
  const input: JsonObject = {
    taskId: task.id,
    agent: task.agent,
    input: JSON.parse(task.input) as JsonValue,
    output,
    acceptanceCriteria,
  };
  return {
    id: taskIdOf(task.job_id, task.id, key),
    key,
    parentId: task.id,
    depth: task.depth + 1,
    agent,
    type: 'subtask',
    title: null,
    input: JSON.stringify(input),
    options: { reviews: task.id, ...(onCrash === undefined ? {} : { onCrash }) },
    priority: task.rank,
    ord: task.ord,
    delayMs: 0,
    timeoutMs: null,
    needs: [],
  };
};

/** What a reviewing agent gave back. @throws DaggerError OUTPUT_INVALID */
export const verdictIn = (output: JsonValue): Review => {
  const { accept, reason, final } = (output ?? {}) as JsonObject;
  if (accept === true) return { accept };
  if (accept === false && typeof reason === 'string')
    return { accept, reason, ...(final === true ? { final } : {}) };
  throw new DaggerError(
    'OUTPUT_INVALID',
    'a reviewing agent gives { accept: true } or { accept: false, reason: "…" }',
  );
};
