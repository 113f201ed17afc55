export {
  defineTaskAgent,
  type AgentResult,
  type AnyTaskAgent,
  type InputOf,
  type OnCrash,
  type OutputOf,
  type TaskAgent,
} from './agent/agent.ts';
export type {
  DependencyOutcome,
  OutputsOf,
  SharedState,
  SpawnedTask,
  TaskContext,
} from './agent/context.ts';
export { AgentRegistry, type AgentDescription } from './agent/registry.ts';
export type { JobEvent, JobLogEvent, LiveTaskEvent, StallKind } from './lifecycle/events.ts';
export type { StoredReason } from './lifecycle/reason.ts';
export { reasonText } from './lifecycle/reason-text.ts';
export {
  ENDS,
  JOB_STATUSES,
  TASK_STATES,
  TRANSITIONS,
  type Cause,
  type JobStatus,
  type TaskState,
} from './lifecycle/states.ts';
export { JobHandle } from './manager/job-handle.ts';
export type { StallOptions, StallOptionsAction, TaskManagerOptions } from './manager/options.ts';
export type { JobRetention } from './manager/prune.ts';
export type { JobFilter, TaskFilter } from './manager/task-filter.ts';
export { TaskManager, type InTransaction } from './manager/task-manager.ts';
export type { JobResult, JobView, TaskView } from './manager/views.ts';
export type { TaskReason, Why } from './manager/why.ts';
export { jobToDot } from './picture/dot.ts';
export type { JobPicture, JobPictures } from './picture/job-picture.ts';
export { jobToMermaid } from './picture/mermaid.ts';
export type { JobLimits, JobSpec, JobStall, JobStallAction } from './spec/job-spec.ts';
export {
  TASK_TYPES,
  type Need,
  type OnDependencyFailure,
  type Reviewer,
  type TaskSettings,
  type TaskSpec,
  type TaskType,
} from './spec/task-spec.ts';
export { taskMigrations } from './store/migrations.ts';
export type {
  EdgeRow,
  JobRow,
  LogRow,
  StateRow,
  TaskRow,
  TaskTables,
  WorkerRow,
} from './store/tables.ts';
export type { Review } from './unit/review.ts';
export type { StalledTask, StallReport } from './unit/stall.ts';
