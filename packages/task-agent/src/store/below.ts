import { sql, type RawBuilder } from 'kysely';
import { rootOf } from '../spec/task-id.ts';

/** The character after the slash. */
const END = '0';

/** Between which two texts the ids lie of the tasks below a task, or of those of a job: none of them is one itself. */
export const bounds = (root: string): readonly [from: string, to: string] => [
  `${root}/`,
  `${root}${END}`,
];

/**
 * Ids are paths, and are ordered by their bytes: what is below a task, and the tasks of a job, are a stretch of the index of ids.
 * So tasks need no index by job, which would have to be written with each change of their state.
 */
export const below = (root: string, column = 'id'): RawBuilder<boolean> => {
  const [from, to] = bounds(root);
  return sql<boolean>`(${sql.ref(column)} > ${from} and ${sql.ref(column)} < ${to})`;
};

/** Whether a task belongs to a job. */
export const ofJob = (jobId: string, column = 'id'): RawBuilder<boolean> =>
  below(rootOf(jobId), column);
