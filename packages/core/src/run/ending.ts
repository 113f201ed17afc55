import type { OnFailure } from '../config/model.ts';
import type { ErrorData } from '../errors.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { RunNodes } from './nodes.ts';
import { Status, type RunStatus } from './status.ts';

/** Why no new work starts, and with which status the run will end. */
export interface Halt {
  readonly status: Exclude<RunStatus, 'running' | 'succeeded'>;
  readonly error: ErrorData;
}

/** How a session ended. */
export interface Finish {
  readonly status: Exclude<RunStatus, 'running'>;
  readonly error: ErrorData | undefined;
  readonly at: number;
}

/** The end that a run comes to. */
export interface Outcome {
  readonly status: Exclude<RunStatus, 'running'>;
  readonly error: ErrorData | undefined;
}

/** Why the run halts after a node failed, as it may have done already. */
export const haltAfterFailure = (
  halt: Halt | undefined,
  { topology }: RunNodes,
  { n, error }: { readonly n: number; readonly error: ErrorData },
  onFailure: OnFailure,
): Halt | undefined => {
  const definition = topology.definitions[n] as NodeDefinition;
  // A rejection is a decision, not a mishap: it ends its own branch and holds up no other. What a supervisor's step
  // waits for fails before its eyes: the planner decides what follows.
  const lets = error.code === 'REJECTED' || !topology.supervisorsOf(n).next().done;
  const usual = lets ? 'continue' : onFailure;
  const policy = definition.onfailure === false ? 'stop' : usual;
  if (
    policy === 'continue' ||
    (halt !== undefined && (policy !== 'stop' || halt.status !== 'paused'))
  )
    return halt;
  return { status: policy === 'stop' ? 'failed' : 'paused', error };
};

/** A bound of the run was reached. */
export const haltAtLimit = (limit: string, bound: number, used: number): Halt => ({
  status: 'limit_reached',
  error: {
    code: 'LIMIT_REACHED',
    name: 'DaggerError',
    message: `${limit} reached: ${used} used, ${bound} allowed`,
    retryable: false,
  },
});

/** Whether a stop that the session did not live to finish is over with the session. */
export const endsWithSession = (halt: Halt | undefined): boolean =>
  halt?.status === 'cancelled' ||
  halt?.status === 'timed_out' ||
  halt?.error.code === 'HOOK_FAILED' ||
  halt?.error.code === 'PAUSED';

/** Whether going on with the run gives failed nodes another chance: not when it only paused, or was cut off. */
export const retriesOnResume = (finished: Finish | undefined, halt: Halt | undefined): boolean => {
  if (finished === undefined) return false;
  return finished.status !== 'paused' || (halt !== undefined && halt.error.code !== 'PAUSED');
};

/** The end that a run comes to if nothing more can happen. */
export const outcomeOf = (nodes: RunNodes, halt: Halt | undefined): Outcome => {
  if (halt !== undefined) return { status: halt.status, error: halt.error };
  if (nodes.count(Status.PENDING) + nodes.count(Status.READY) + nodes.count(Status.WAITING) > 0)
    return { status: 'paused', error: undefined };
  if (nodes.count(Status.FAILED) > 0) {
    const failure = firstFailure(nodes);
    if (failure !== undefined) return { status: 'failed', error: failure };
  }
  return { status: 'succeeded', error: undefined };
};

/** The first failure that no planner took up. */
const firstFailure = (nodes: RunNodes): ErrorData | undefined => {
  for (const [n, notes] of nodes.notes)
    if (nodes.status[n] === Status.FAILED && !isTakenUp(nodes, n)) return notes.error;
  return undefined;
};

/** Whether a supervisor's step was told of the end of a node, and planned on. */
const isTakenUp = ({ topology, status }: RunNodes, n: number): boolean => {
  for (const step of topology.supervisorsOf(n)) if (status[step] === Status.SUCCEEDED) return true;
  return false;
};
