import { isDeepStrictEqual } from 'node:util';
import type { JobStateData, TaskStateData } from './state.ts';

/** Events that a crash makes neither more nor fewer: the others tell of attempts and of what people did about crashes. */
const COUNTED: ReadonlySet<string> = new Set([
  'TaskAdded',
  'TaskCompleted',
  'TaskAccepted',
  'TaskRejected',
  'TaskInReview',
  'TaskCancelled',
  'JobStalled',
  'JobPaused',
  'JobResumed',
]);

const counted = (events: readonly string[]): readonly string[] =>
  events.filter((event) => COUNTED.has(event.split(' ')[0] ?? '')).toSorted();

const COUNTERS = { failures: 0, crashes: 0, runs: 0 } as const;

/** A crash is one attempt more, or it took the place of one that would have failed; nobody else has one. */
const sameTask = (
  expected: TaskStateData,
  actual: TaskStateData | undefined,
  interrupted: boolean,
): boolean => {
  if (actual === undefined) return false;
  const more = interrupted ? 1 : 0;
  const attempts = actual.failures + actual.crashes - expected.failures - expected.crashes;
  const crashes = actual.crashes - expected.crashes;
  const runs = actual.runs - expected.runs;
  return (
    actual.failures <= expected.failures &&
    attempts >= 0 &&
    attempts <= more &&
    crashes >= 0 &&
    crashes <= more &&
    runs >= 0 &&
    runs <= more &&
    isDeepStrictEqual({ ...actual, ...COUNTERS }, { ...expected, ...COUNTERS })
  );
};

/** How a job differs from the one that nothing disturbed. */
export const differences = (
  jobId: string,
  expected: JobStateData,
  actual: JobStateData | undefined,
  found: JobStateData | undefined,
): string[] => {
  if (actual === undefined) return [`${jobId}: is lost`];
  const problems: string[] = [];
  const compare = (what: string, is: unknown, was: unknown): void => {
    if (!isDeepStrictEqual(is, was))
      problems.push(`${what} is ${JSON.stringify(is)}, undisturbed ${JSON.stringify(was)}`);
  };
  for (const key of ['status', 'error', 'counts', 'shared'] as const)
    compare(`${jobId}: ${key}`, actual[key], expected[key]);
  compare(`${jobId}: what happened`, counted(actual.events), counted(expected.events));
  for (const id of new Set([...Object.keys(expected.tasks), ...Object.keys(actual.tasks)])) {
    const before = expected.tasks[id];
    const after = actual.tasks[id];
    if (before === undefined) problems.push(`${id}: is one too many`);
    else if (!sameTask(before, after, found?.tasks[id]?.state === 'in_progress'))
      problems.push(`${id}: is ${JSON.stringify(after)}, undisturbed ${JSON.stringify(before)}`);
  }
  return problems;
};
