export {
  defineAction,
  type Action,
  type ActionResult,
  type AnyAction,
  type RetryPolicy,
} from './actions/action.ts';
export type { ActionContext, DependencyOutcome, FailureInputs } from './actions/context.ts';
export { silentLogger, type Logger, type LogLevel, type NodeLogger } from './actions/logger.ts';
export type { HumanInput, WaitAnswer } from './actions/answer.ts';
export { humanInterrupt } from './actions/human-interrupt.ts';
export {
  failure,
  isNodeOutput,
  success,
  waitForInput,
  type InputRequest,
  type NodeOutput,
  type WaitForInput,
} from './actions/output.ts';
export { ActionRegistry, type ToolSchema } from './actions/registry.ts';
export { Cache, type CacheEntry, type CacheExport } from './cache/cache.ts';
export { parseInputFromName, type InputSource } from './cache/input.ts';
export type { CacheLimits } from './cache/limits.ts';
export type { CacheView, GlobalWrite } from './cache/view.ts';
export { systemClock, type CancelTimer, type Clock } from './clock.ts';
export { DEFAULT_CONFIG, mergeConfig } from './config/merge.ts';
export type {
  DagConfig,
  DagConfigInput,
  HumanTimeoutAction,
  NodeOrder,
  OnFailure,
  RetryStrategy,
} from './config/model.ts';
export {
  Coordinator,
  type CoordinatorOptions,
  type Runner,
  type RunRequest,
} from './coordinator/coordinator.ts';
export type { EventObserver, EventStream, Subscription } from './coordinator/event-stream.ts';
export {
  DaggerError,
  NonRetryableError,
  toErrorData,
  type DaggerErrorOptions,
  type ErrorCode,
  type ErrorData,
  type ErrorIds,
} from './errors.ts';
export { DagExecutor, type Remarks } from './executor/executor.ts';
export type {
  ExecutorOptions,
  ResumeOptions,
  RunOptions,
  SendOptions,
} from './executor/options.ts';
export type { RunHandle } from './executor/handle.ts';
export type { DagSummary } from './executor/library.ts';
export {
  formatDiagnostic,
  GraphInvalidError,
  printable,
  type DefinitionPath,
  type Diagnostic,
  type DiagnosticCode,
} from './graph/diagnostic.ts';
export { checkGraph, defineGraph, Graph, type CheckedGraph } from './graph/graph.ts';
export type {
  CacheStrategy,
  DependencySpec,
  GraphDefinition,
  GraphMetadata,
  InputField,
  JoinPolicy,
  NodeDefinition,
  OutputField,
} from './graph/model.ts';
export { validate, type ValidateOptions } from './graph/diagnose.ts';
export {
  graphBuilder,
  type From,
  type GraphBuilder,
  type InputsFor,
  type NodeOptions,
} from './graph/builder.ts';
export {
  item,
  ref,
  withDefault,
  type References,
  type TypedReference,
} from './graph/typed-reference.ts';
export { yamlJsonSchema } from './graph/json-schema.ts';
export { loadYaml, type LoadYamlOptions } from './graph/yaml/load.ts';
export {
  readYamlDirectory,
  readYamlFile,
  type LoadedFile,
  type ReadDirectoryOptions,
  type ReadYamlOptions,
} from './graph/yaml/files.ts';
export { toYaml } from './graph/yaml/write.ts';
export type { EventHook, HookCommands, HookContext, RunView } from './hooks/hook.ts';
export { systemIds, type Ids } from './ids.ts';
export { sealJson, type JsonObject, type JsonValue } from './json.ts';
export type { ExecutionState } from './executor/execution-state.ts';
export type { ForkOptions, RunDump } from './executor/history.ts';
export type { SavedSnapshot } from './storage/snapshots.ts';
export type { Explanation, Reason, ReasonKind } from './run/explain.ts';
export type { RunEvent } from './run/events.ts';
export type { Delivery } from './executor/delivery.ts';
export type { PendingInput } from './executor/pending-inputs.ts';
export { NodeSpec, type ExecutorCommand, type NodeSpecData } from './run/commands.ts';
export type { RunMetrics } from './run/metrics.ts';
export type { ExecutionEvent, ExecutionEventType, NodeOutcome } from './run/public-events.ts';
export {
  RunReport,
  type NodeReport,
  type PausedBranch,
  type RejectedCommand,
  type RetryReport,
  type RunReportData,
  type WaitingNode,
} from './run/report.ts';
export type { NodeStatus, RunStatus, SkipReason } from './run/status.ts';
export {
  jsonSchema,
  type InputSchema,
  type JsonSchema,
  type Schema,
  type SchemaType,
} from './schema/validator.ts';
export { openStorage } from './storage/open.ts';
export type { Pruned, RetentionPolicy } from './storage/retention.ts';
export type { RunFilter, StoredRun } from './storage/run-store.ts';
export {
  migrationsFor,
  type MigrationSet,
  type SchemaStep,
  type Storage,
  type StorageAbilities,
  type Unsubscribe,
} from './storage/storage.ts';
export type {
  BlobPartRow,
  BlobRefRow,
  BlobRow,
  CoreTables,
  DefinitionRow,
  DurationsRow,
  InboxRow,
  JournalRow,
  MemoRow,
  RunRow,
  SnapshotRow,
} from './storage/tables.ts';
export {
  INSTRUCTIONS,
  readInstructions,
  type Instruction,
  type QueuedInstruction,
  type ReadInstructions,
} from './supervisor/instruction.ts';
export type { Plan, PlanContext, PlanFailure, ReviewAnswer } from './supervisor/plan.ts';
export {
  defineSupervisor,
  type Supervisor,
  type SupervisorDefinition,
} from './supervisor/supervisor.ts';
export { flowOutputs, taskGraph, type FlowTask } from './supervisor/task.ts';
export { toDot } from './trace/dot.ts';
export { toMermaid } from './trace/mermaid.ts';
export { toTraceJson, type TraceEdge, type TraceJson, type TraceNode } from './trace/trace.ts';
