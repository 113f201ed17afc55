import { createHash } from 'node:crypto';
import type { JsonValue } from '@dagger/core';
import { canonicalJson } from '@dagger/core/kernel';

/** A slash separates the parts of an id, so none is in a part. */
const part = (text: string): string => text.replaceAll('%', '%25').replaceAll('/', '%2F');

/** What the ids of the tasks of a job begin with, without the slash that follows. */
export const rootOf = (jobId: string): string => part(jobId);

/** The id of a task: a path from its job over its parents. The same key under the same parent gives the same id. */
export const taskIdOf = (jobId: string, parentId: string | null, key: string): string =>
  `${parentId ?? part(jobId)}/${part(key)}`;

/** The key of a task that was given none: equal tasks have equal ones, so that a second run finds those of the first. */
export const keyOf = (agent: string, input: JsonValue): string => {
  const hash = createHash('sha256').update(canonicalJson(input)).digest('hex');
  return `${agent.slice(0, 100)}-${hash.slice(0, 10)}`;
};

/** The last part of an id, as it was given. */
export const keyIn = (taskId: string): string => {
  const last = taskId.slice(taskId.lastIndexOf('/') + 1);
  return last.replaceAll('%2F', '/').replaceAll('%25', '%');
};
