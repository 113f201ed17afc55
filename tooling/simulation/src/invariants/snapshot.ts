import type { Database } from '../world/database.ts';
import { violated } from './violation.ts';

const UNFINISHED = `('pending', 'ready', 'in_progress', 'blocked', 'in_review', 'paused')`;

const NUMBERS = `select j.id, j.total || ' ' || j.unfinished || ' ' || j.movable || ' ' || j.failed as told,
    n.total || ' ' || n.unfinished || ' ' || n.movable || ' ' || n.failed as counted
  from dagger_jobs as j join (
    select job_id, count(*) as total, sum(state in ${UNFINISHED}) as unfinished,
      sum(state in ('ready', 'in_progress') or (state = 'pending' and waiting = 0)) as movable,
      sum(state in ('failed', 'rejected')) as failed
    from dagger_tasks group by job_id) as n on n.job_id = j.id
  where told <> counted`;

const WRONG_TASKS = `select id, state, waiting, n, reason, case
    when state in ('pending', 'blocked', 'paused') and waiting <> n
      then 'waits for ' || n || ' tasks, and its row says ' || waiting
    when state = 'ready' and waiting <> 0 then 'is ready although its row says that it waits for ' || waiting
    when state = 'blocked' and waiting = 0 and coalesce(json_extract(reason, '$.kind'), '') not in ('agent', 'crash')
      then 'is blocked without a reason'
    when state = 'paused' and coalesce(json_extract(reason, '$.kind'), '') <> 'paused' then 'is paused without a reason'
    when (state = 'in_progress') <> (worker is not null) then 'is ' || state || ' with the worker ' || coalesce(worker, 'null')
    when (state in ${UNFINISHED}) <> (finished_at is null) then 'is ' || state || ', finished at ' || coalesce(finished_at, 'null')
    when state in ('completed', 'accepted', 'in_review') and output is null then 'is ' || state || ' without an output'
    when state in ('failed', 'rejected') and error is null then 'is ' || state || ' without an error'
    when state = 'ready' and job = 'paused' then 'is ready in a job that is paused'
    when state in ${UNFINISHED} and job not in ('running', 'paused') then 'is ' || state || ' in a job that is ' || job
    when state in ('pending', 'blocked', 'paused') and fence = 0 and stranded > 0
      then 'waits although a task that it needs did not succeed'
  end as wrong
  from (select t.*, j.status as job,
      (select count(*) from dagger_task_edges as e join dagger_tasks as d on d.id = e.needs
        where e.task_id = t.id and d.state in ${UNFINISHED}) as n,
      (select count(*) from dagger_task_edges as e join dagger_tasks as d on d.id = e.needs
        where e.task_id = t.id and e.on_failure <> 'continue'
          and d.state in ('failed', 'rejected', 'cancelled', 'skipped')) as stranded
    from dagger_tasks as t join dagger_jobs as j on j.id = t.job_id) as t
  where wrong is not null`;

/** What must hold of the rows between any two commits. */
export const checkRows = async (
  { query }: Database,
  wasReopened: (taskId: string) => boolean,
): Promise<void> => {
  for (const { id, told, counted } of await query<{
    readonly id: string;
    readonly told: string;
    readonly counted: string;
  }>(NUMBERS))
    violated(
      `job '${id}' says total, unfinished, movable, failed ${told}; its tasks are ${counted}`,
    );
  for (const { id, wrong } of await query<{ readonly id: string; readonly wrong: string }>(
    WRONG_TASKS,
  ))
    // Whoever reopens a task has it done although others did not succeed.
    if (!(wasReopened(id) && wrong.startsWith('waits although'))) violated(`task '${id}' ${wrong}`);
};
