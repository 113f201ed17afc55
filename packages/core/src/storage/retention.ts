import { DaggerError } from '../errors.ts';
import { RUN_STATUSES, type RunStatus } from '../run/status.ts';

/** Which runs and results are deleted. Without `maxAgeDays` and `maxRuns` no run is; of both, either suffices. */
export interface RetentionPolicy {
  /** Deletes runs that ended longer ago than this. A fraction is allowed, and 0 is every run. Default: no bound. */
  readonly maxAgeDays?: number;
  /** Keeps so many runs at most, the most recent ones. Default: no bound. */
  readonly maxRuns?: number;
  /**
   * The statuses of the runs that this is about; others are neither deleted nor counted. Default: every status that ends
   * a run, which `paused` and `running` do not. A run that somebody works on is never deleted.
   */
  readonly statuses?: readonly RunStatus[];
  /** Deletes results for later runs (`cacheStrategy`) that are older than this. Default: no bound. */
  readonly memoMaxAgeDays?: number;
}

/** How much was deleted. */
export interface Pruned {
  readonly runs: number;
  /** Results for later runs. */
  readonly memos: number;
  /** Large values that nobody needed any more. */
  readonly blobs: number;
  /** Graphs that no run was left of. */
  readonly definitions: number;
}

export const NOTHING_PRUNED: Pruned = { runs: 0, memos: 0, blobs: 0, definitions: 0 };

export const ENDED: readonly RunStatus[] = [
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
  'limit_reached',
];

/** @throws DaggerError CONFIG_INVALID naming the field, the value and the bound */
export const checkRetention = (policy: RetentionPolicy): void => {
  const refuse = (field: string, value: unknown, bound: string): never => {
    throw new DaggerError(
      'CONFIG_INVALID',
      `retention: ${field} is ${JSON.stringify(value) ?? String(value)}, but must be ${bound}`,
    );
  };
  for (const field of ['maxAgeDays', 'memoMaxAgeDays'] as const) {
    const value: unknown = policy[field];
    if (value !== undefined && !(typeof value === 'number' && value >= 0))
      refuse(field, value, 'a number of days of at least 0');
  }
  const { maxRuns, statuses } = policy as { readonly [K in keyof RetentionPolicy]: unknown };
  if (maxRuns !== undefined && !(Number.isSafeInteger(maxRuns) && (maxRuns as number) >= 0))
    refuse('maxRuns', maxRuns, 'a whole number of at least 0');
  if (statuses === undefined) return;
  const known = (status: unknown): boolean => RUN_STATUSES.some((one) => one === status);
  if (!Array.isArray(statuses) || !statuses.every(known))
    refuse('statuses', statuses, `a list of ${RUN_STATUSES.join(', ')}`);
};
