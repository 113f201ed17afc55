import { DaggerError } from '@dagger/core';
import { seededRandom } from '../seeded-random.ts';

/** What goes wrong with a commit. */
export type Fault =
  /** The write does not happen, and the caller sees an error. */
  | { readonly type: 'fail-before' }
  /** The write happens, and the caller sees an error all the same. */
  | { readonly type: 'commit-then-throw' }
  /** Somebody else writes: an error with the code `SQLITE_BUSY`, for this commit and the ones after it, `times` in all. Default 1. */
  | { readonly type: 'busy'; readonly times?: number }
  /** The write waits `ms` milliseconds of the clock. */
  | { readonly type: 'slow'; readonly ms: number }
  /**
   * The connection is lost within a transaction, after `after` statements (default 1; never later than before its end):
   * nothing of it is written. A single statement outside of a transaction is not begun.
   */
  | { readonly type: 'torn'; readonly after?: number };

/** A fault, and which commits it hits; the first commit is 1. At least one of `at`, `every` and `seeded`. */
export interface FaultPlan {
  readonly fault: Fault;
  readonly at?: readonly number[];
  /** Every n-th commit. 1 hits all of them, and nothing is ever written. */
  readonly every?: number;
  /** Each commit with the probability `rate`, as the seed decides. */
  readonly seeded?: { readonly seed: number | string; readonly rate: number };
}

/** Which fault hits the commit of this number; called once for each, in order. */
export type Choice = (commit: number) => Fault | undefined;

const checkPlan = ({ at, every, seeded }: FaultPlan): void => {
  const refuse = (what: string): never => {
    throw new DaggerError('CONFIG_INVALID', `a plan of faults: ${what}`);
  };
  if (at === undefined && every === undefined && seeded === undefined)
    refuse('one of at, every and seeded must say which commits are hit');
  if (at?.some((n) => !(Number.isInteger(n) && n >= 1)) === true)
    refuse('at must list numbers of commits, the first of which is 1');
  if (every !== undefined && !(Number.isInteger(every) && every >= 1))
    refuse(`every must be a whole number of at least 1, not ${every}`);
  if (seeded !== undefined && !(seeded.rate >= 0 && seeded.rate <= 1))
    refuse(`seeded.rate must be between 0 and 1, not ${seeded.rate}`);
};

/** @throws DaggerError CONFIG_INVALID */
export const chooser = (plan: FaultPlan): Choice => {
  checkPlan(plan);
  const { fault, at = [], every, seeded } = plan;
  const random = seeded === undefined ? undefined : seededRandom(`faults ${seeded.seed}`);
  const chosen = new Set(at);
  let busy = 0;
  return (commit) => {
    // Asked for every commit, so that the other conditions do not change what the seed gives.
    const unlucky = random !== undefined && random() < (seeded?.rate ?? 0);
    const hit = unlucky || chosen.has(commit) || (every !== undefined && commit % every === 0);
    if (fault.type !== 'busy') return hit ? fault : undefined;
    if (hit) busy = Math.max(busy, fault.times ?? 1);
    if (busy === 0) return undefined;
    busy--;
    return fault;
  };
};
