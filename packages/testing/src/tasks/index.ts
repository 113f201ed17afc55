export type { JobCrashScenario, JobCrashWorld } from '../crash/jobs/scenario.ts';
export { taskInvariants, type TaskInvariantsOptions } from './invariants.ts';
