export { seededIds } from './seeded-ids.ts';
export { seededRandom, type Random } from './seeded-random.ts';
export { SimulatedClock } from './simulated-clock.ts';
export {
  explore,
  type Explored,
  type ExploreOptions,
  type Interleaving,
} from './interleave/explore.ts';
export { Scheduler, type SchedulerOptions } from './interleave/scheduler.ts';
export { interposed, type Around } from './interposed.ts';
export type { Fault, FaultPlan } from './faults/plan.ts';
export {
  faultyStorage,
  type FaultyStorage,
  type FaultyStorageOptions,
  type InjectedFault,
} from './faults/faulty-storage.ts';
export { crashChild } from './crash/child.ts';
export {
  crashAtEveryCommit,
  type CrashOptions,
  type CrashPoint,
  type CrashReport,
  type CrashViolation,
} from './crash/crash-at-every-commit.ts';
export type { CrashRun, CrashScenario, CrashWorld } from './crash/runs/scenario.ts';
