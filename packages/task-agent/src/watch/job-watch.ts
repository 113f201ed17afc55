import { EventStream } from '@dagger/core/kernel';
import type { JobEvent, JobLogEvent, LiveTaskEvent } from '../lifecycle/events.ts';

/** A row of the history of a job. */
export interface LogEntry {
  readonly seq: number;
  readonly at: number;
  readonly events: readonly JobLogEvent[];
}

/** Events that a slow watcher may be behind. */
const CAPACITY = 10_000;

/**
 * Gives the events of one job to its watchers: those of the history in their order, without gaps and each once, wherever they
 * were committed; and those that only this process sees, as they come.
 */
export class JobWatch {
  readonly jobId: string;
  readonly stream: EventStream<JobEvent>;
  /** The last row of the history that was told; undefined: what comes first is the beginning. */
  #seq: number | undefined;

  constructor(jobId: string, seq: number | undefined) {
    this.jobId = jobId;
    this.#seq = seq;
    this.stream = new EventStream<JobEvent>(CAPACITY, () => {});
  }

  get seq(): number | undefined {
    return this.#seq;
  }

  /** Where it is to begin, if it has not. */
  beginAfter(seq: number): void {
    this.#seq ??= seq;
  }

  /** False when rows before this one were not told yet: they are to be read first. */
  take({ seq, at, events }: LogEntry): boolean {
    const told = this.#seq ?? seq - 1;
    if (seq <= told) return true;
    if (seq > told + 1) return false;
    this.#seq = seq;
    for (const event of events) this.#tell(event, at);
    return true;
  }

  live(event: LiveTaskEvent, at: number): void {
    this.#tell(event, at);
  }

  #tell(event: JobLogEvent | LiveTaskEvent, at: number): void {
    if (this.stream.watched)
      EventStream.emit(this.stream, {
        ...event,
        jobId: this.jobId,
        at: new Date(at).toISOString(),
      });
  }

  end(error?: unknown): void {
    EventStream.end(this.stream, error);
  }
}
