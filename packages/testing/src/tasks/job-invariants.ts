import type { JobLogEvent, JobRow, TaskRow } from '@dagger/tasks';
import { hasEnded, movesByItself } from './ends.ts';
import type { TaskTablesContent } from './tables.ts';

/** What is wrong with the rows of jobs and with their histories. */
export const jobProblems = ({ jobs, tasks, log }: TaskTablesContent): string[] =>
  jobs.flatMap((job) => {
    const own = tasks.filter(({ job_id }) => job_id === job.id);
    const rows = log.filter(({ job_id }) => job_id === job.id);
    const events = rows.flatMap(({ body }) => JSON.parse(body) as JobLogEvent[]);
    return [
      ...numbers(job, own),
      ...gaps(
        job,
        rows.map(({ seq }) => seq),
      ),
      ...ending(job, events),
      ...told(own, events),
    ];
  });

const numbers = (job: JobRow, tasks: readonly TaskRow[]): string[] => {
  const counted = {
    total: tasks.length,
    unfinished: tasks.filter((task) => !hasEnded(task)).length,
    movable: tasks.filter(movesByItself).length,
    failed: tasks.filter(({ state }) => state === 'failed' || state === 'rejected').length,
  };
  return (['total', 'unfinished', 'movable', 'failed'] as const).flatMap((name) =>
    job[name] === counted[name]
      ? []
      : [`job '${job.id}': ${name} is ${job[name]}, and ${counted[name]} of its tasks are`],
  );
};

const gaps = ({ id, seq }: JobRow, numbersOfRows: readonly number[]): string[] =>
  numbersOfRows.length === seq && numbersOfRows.every((n, i) => n === i + 1)
    ? []
    : [`job '${id}': its history has the rows ${numbersOfRows.join(', ')}, and seq is ${seq}`];

const isOver = ({ status }: JobRow): boolean => status !== 'running' && status !== 'paused';

/** Events that say that somebody has seen that nothing moves. */
const NOTICED: ReadonlySet<string> = new Set(['JobWaiting', 'JobStalled']);

const ending = (job: JobRow, events: readonly JobLogEvent[]): string[] => {
  const problems: string[] = [];
  const say = (what: string): number => problems.push(`job '${job.id}': ${what}`);
  if (isOver(job)) {
    if (job.unfinished > 0) say(`is ${job.status}, and ${job.unfinished} tasks are unfinished`);
    if (job.finished_at === null) say(`is ${job.status} without a time`);
    if (!events.some(({ type }) => type === 'JobFinished')) say('its history does not say its end');
    return problems;
  }
  if (job.finished_at !== null) say(`is ${job.status} and has a time of its end`);
  if (job.unfinished === 0 && job.open === 0 && job.total > 0)
    say(`is ${job.status}, and none of its tasks is unfinished`);
  if (
    job.status === 'running' &&
    job.unfinished > 0 &&
    job.movable === 0 &&
    !events.some(({ type }) => NOTICED.has(type))
  )
    say('nothing in it can move, and nobody noticed');
  return problems;
};

const ENDINGS = { completed: 'TaskCompleted', accepted: 'TaskAccepted' } as const;

/** That a task succeeded is told once. */
const told = (tasks: readonly TaskRow[], events: readonly JobLogEvent[]): string[] => {
  const counts = new Map<string, number>();
  for (const event of events) {
    if (!('taskId' in event)) continue;
    const key = `${event.type} ${event.taskId}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return tasks.flatMap((task) =>
    (['completed', 'accepted'] as const).flatMap((state) => {
      const times = counts.get(`${ENDINGS[state]} ${task.id}`) ?? 0;
      return times === (task.state === state ? 1 : 0)
        ? []
        : [`task '${task.id}' is ${task.state}, and ${ENDINGS[state]} is told ${times} times`];
    }),
  );
};
