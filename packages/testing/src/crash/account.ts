import { busViolations, type BusesAccount } from './buses/check.ts';
import type { BusEffect } from './buses/effects.ts';
import { jobViolations, type JobsAccount } from './jobs/check.ts';
import type { JobEffect } from './jobs/effects.ts';
import { runViolations, type RunsAccount } from './runs/check.ts';
import type { RunEffect } from './runs/effects.ts';
import { readSideEffects } from './side-effects.ts';

/** What a process says of a scenario that it took to its end. It is JSON. */
export type Account = RunsAccount | JobsAccount | BusesAccount;

/** Everything that a crash must not do, and did. @param effects the file of side effects */
export const violationsOf = (
  undisturbed: Account,
  account: Account,
  effects: string,
): readonly string[] => {
  if (undisturbed.of === 'runs' && account.of === 'runs')
    return runViolations(undisturbed.final, account, readSideEffects<RunEffect>(effects));
  if (undisturbed.of === 'jobs' && account.of === 'jobs')
    return jobViolations(undisturbed, account, readSideEffects<JobEffect>(effects));
  if (undisturbed.of === 'buses' && account.of === 'buses')
    return busViolations(undisturbed, account, readSideEffects<BusEffect>(effects));
  return [`it became a scenario of ${account.of}`];
};
