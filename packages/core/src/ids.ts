import { randomUUID } from 'node:crypto';

/** Where identity and chance come from. Inject a seeded one to replay a run exactly. */
export interface Ids {
  /** A new run id: unique, and sorting by time of creation is not promised. */
  runId(): string;
  /** A number in [0, 1), used for the jitter of retries. */
  random(): number;
}

export const systemIds: Ids = {
  runId: () => randomUUID(),
  random: () => Math.random(),
};
