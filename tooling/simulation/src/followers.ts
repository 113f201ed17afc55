import type { JobEvent, JobHandle } from '@dagger/tasks';
import { violated } from './invariants/violation.ts';

interface Followed {
  readonly job: JobHandle;
  readonly events: JobEvent[];
  isDone: boolean;
}

/** Those who wait for jobs and read their events as they come. */
export class Followers {
  readonly #followed: Followed[] = [];

  follow(job: JobHandle): void {
    const seen: Followed = { job, events: [], isDone: false };
    this.#followed.push(seen);
    job.done.then(
      () => (seen.isDone = true),
      () => {},
    );
    const read = async (): Promise<void> => {
      for await (const event of job.events) seen.events.push(event);
    };
    read().catch(() => {});
  }

  get areDone(): boolean {
    return this.#followed.every(({ isDone }) => isDone);
  }

  /** What they saw is the history up to its first end, without what only the process itself sees. @throws Violation */
  check(histories: ReadonlyMap<string, readonly JobEvent[]>): void {
    for (const { job, events, isDone } of this.#followed) {
      if (!isDone) violated(`whoever waits for job '${job.id}' did not hear that it is over`);
      const seen = events
        .filter(({ type }) => type !== 'TaskStarted' && type !== 'TaskProgress')
        .map((event) => JSON.stringify(event));
      const history = (histories.get(job.id) ?? []).map((event) => JSON.stringify(event));
      const wrong = seen.findIndex((event, i) => event !== history[i]);
      if (wrong !== -1)
        violated(
          `the events of job '${job.id}' differ from its history at ${wrong}: ${seen[wrong] ?? ''} and ${history[wrong] ?? 'nothing'}`,
        );
      if (!seen.some((event) => event.includes('"JobFinished"')))
        violated(`the events of job '${job.id}' end before it does`);
    }
  }
}
