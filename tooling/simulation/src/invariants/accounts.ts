import type { JobLogEvent } from '@dagger/tasks';
import type { Database } from '../world/database.ts';
import type { Observer } from './observer.ts';
import { violated } from './violation.ts';

/** Ends of a run with which its writes to the shared values are kept. */
const KEPT: ReadonlySet<string | undefined> = new Set(['complete', 'submit', 'block']);

/** What must hold of a whole schedule, at its end. @throws Violation */
export const checkAccounts = async ({ query }: Database, observer: Observer): Promise<void> => {
  const tasks = await query<{
    readonly id: string;
    readonly job_id: string;
    readonly failures: number;
    readonly crashes: number;
    readonly writes: number | null;
    readonly fence: number;
  }>(`select id, job_id, failures, crashes, fence, json_extract(input, '$.script.writes') as writes
    from dagger_tasks`);
  for (const { id, failures, crashes } of tasks) {
    const account = observer.account(id);
    if (failures !== account.failures || crashes !== account.crashes)
      violated(
        `task '${id}' has failed ${account.failures} times and crashed ${account.crashes} times, ` +
          `and its row says ${failures} and ${crashes}`,
      );
  }
  for (const { id, seq } of await query<{ readonly id: string; readonly seq: number }>(
    'select id, seq from dagger_jobs',
  )) {
    await checkHistory(query, id, seq);
    const [log] = await query<{ readonly value: string }>(
      `select value from dagger_job_state where job_id = '${id}' and key = 'log'`,
    );
    const written = (JSON.parse(log?.value ?? '[]') as string[]).toSorted();
    const kept = tasks
      .filter(({ job_id, writes }) => job_id === id && writes === 1)
      .flatMap(({ id: task }) =>
        [...observer.account(task).ends].flatMap(([run, cause]) =>
          KEPT.has(cause) ? [`${task}#${run}`] : [],
        ),
      )
      .toSorted();
    if (written.join() !== kept.join())
      violated(
        `job '${id}' has the shared log [${written.join(', ')}], and it should be [${kept.join(', ')}]`,
      );
  }
};

const checkHistory = async (query: Database['query'], job: string, last: number): Promise<void> => {
  const rows = await query<{ readonly seq: number; readonly body: string }>(
    `select seq, body from dagger_job_log where job_id = '${job}' order by seq`,
  );
  const gap = rows.findIndex(({ seq }, i) => seq !== i + 1);
  if (gap !== -1) violated(`the history of job '${job}' has no row ${gap + 1}`);
  if (rows.length !== last)
    violated(`the history of job '${job}' has ${rows.length} rows, and its row says ${last}`);
  const empty = rows.find(({ body }) => (JSON.parse(body) as JobLogEvent[]).length === 0);
  if (empty !== undefined)
    violated(`row ${empty.seq} of the history of job '${job}' tells nothing`);
};
