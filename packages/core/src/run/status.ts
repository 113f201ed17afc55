/** The states of a node, as kept by number in the run state. */
export const Status = {
  /** Waits for dependencies. */
  PENDING: 0,
  /** May start as soon as there is a slot and its branch is not paused. */
  READY: 1,
  RUNNING: 2,
  /** An attempt failed; the next one waits for its time. */
  RETRYING: 3,
  /** Asked a person, and waits for the answer. */
  WAITING: 4,
  SUCCEEDED: 5,
  FAILED: 6,
  SKIPPED: 7,
  CANCELLED: 8,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

export const STATUS_NAMES = [
  'pending',
  'ready',
  'running',
  'retrying',
  'waiting',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
] as const;
export type NodeStatus = (typeof STATUS_NAMES)[number];

export const statusName = (status: number): NodeStatus => STATUS_NAMES[status] as NodeStatus;

/** Nothing more happens to a node in one of these, unless the run is resumed. */
export const isSettled = (status: number): boolean => status >= Status.SUCCEEDED;

/** Why a node was skipped. */
export type SkipReason =
  'condition' | 'disabled' | 'dependency-failed' | 'dependency-skipped' | 'dependency-cancelled';

export const RUN_STATUSES = [
  'running',
  'succeeded',
  'failed',
  'paused',
  'cancelled',
  'timed_out',
  'limit_reached',
] as const;
/** The states of a run; every one but `running` is the end of a session, and only `succeeded` is final. */
export type RunStatus = (typeof RUN_STATUSES)[number];
