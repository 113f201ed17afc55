import type { HumanInput } from '../actions/answer.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { ErrorData } from '../errors.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { RunEvent } from './events.ts';
import type { RunState } from './state.ts';
import { Status, type RunStatus } from './status.ts';

interface Base<T extends string> {
  readonly type: T;
  readonly runId: string;
  readonly dagName: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

interface OfNode<T extends string> extends Base<T> {
  readonly nodeId: string;
}

/** How a node ended well. */
export interface NodeOutcome {
  readonly success: true;
  readonly outputs: JsonObject;
  readonly metadata: JsonObject | null;
  /** The outputs came from an earlier run. */
  readonly cached: boolean;
}

/** What watchers and hooks are told: the events of a run, with names in place of numbers. */
export type ExecutionEvent =
  | Base<'RunStarted'>
  | (Base<'RunForked'> & { readonly from: string; readonly nodeIds: readonly string[] })
  | (Base<'RunResumed'> & { readonly retry: boolean })
  | (Base<'RunStopping'> & { readonly error: ErrorData })
  | (Base<'RunFinished'> & {
      readonly status: Exclude<RunStatus, 'running'>;
      readonly error: ErrorData | null;
    })
  | (Base<'LimitReached'> & {
      readonly limit: 'maxTokens' | 'maxIterations';
      readonly bound: number;
      readonly used: number;
    })
  | (OfNode<'NodeStarted'> & { readonly attempt: number })
  | (OfNode<'NodeProgress'> & {
      readonly attempt: number;
      readonly fraction: number;
      readonly message: string | null;
    })
  | (OfNode<'NodeCompleted'> & { readonly attempt: number; readonly outcome: NodeOutcome })
  | (OfNode<'NodeRetrying'> & {
      readonly attempt: number;
      readonly error: ErrorData;
      readonly delayMs: number;
    })
  | (OfNode<'NodeFailed'> & { readonly attempt: number; readonly error: ErrorData })
  | (OfNode<'NodeWaiting'> & {
      readonly prompt: string;
      readonly details: JsonValue;
      /** Milliseconds since the epoch; null when the wait has no end. */
      readonly due: number | null;
    })
  | (OfNode<'InputGiven'> & HumanInput)
  | OfNode<'WaitExpired'>
  | (Base<'CacheUpdated'> & {
      readonly namespace: string;
      readonly key: string;
      readonly value: JsonValue;
    })
  | (Base<'RunPausing'> & { readonly error: ErrorData })
  | (OfNode<'NodeSkipped'> & { readonly reason: string })
  | (OfNode<'NodeCancelled'> & { readonly reason: string })
  | (OfNode<'HandlerCompleted'> & { readonly outputs: JsonObject })
  | (OfNode<'HandlerFailed'> & { readonly error: ErrorData })
  | (Base<'NodesAdded'> & { readonly nodes: readonly NodeDefinition[] })
  | (OfNode<'InputsSet'> & { readonly inputs: JsonObject })
  | (OfNode<'BranchPaused'> & { readonly reason: string | null })
  | OfNode<'BranchResumed'>
  | (OfNode<'BranchCancelled'> & { readonly reason: string | null })
  | (Base<'NodesEnabled'> & { readonly nodeIds: readonly string[] })
  | (Base<'NodesDisabled'> & { readonly nodeIds: readonly string[] })
  | (Base<'CustomEvent'> & { readonly event: JsonValue })
  | (Base<'CommandRejected'> & {
      readonly command: JsonValue;
      readonly by: string;
      readonly error: ErrorData;
    });

export type ExecutionEventType = ExecutionEvent['type'];

/** A public event with its place: the sequence number of the event that it comes from, and its position among those. */
export interface NumberedEvent {
  readonly seq: number;
  readonly part: number;
  readonly event: ExecutionEvent;
}

/** The run that an event belongs to. */
export interface RunIdentity {
  readonly runId: string;
  readonly dagName: string;
}

/** The public form of an event that was just applied, then one event per node that was skipped or cancelled along. */
export const publicEvents = function* (
  run: RunIdentity,
  state: RunState,
  event: RunEvent,
): IterableIterator<NumberedEvent> {
  const { seq } = state;
  let part = 0;
  const told = publicEvent(run, state, event);
  if (told !== undefined) yield { seq, part: part++, event: told };
  for (const n of state.consequences) {
    const consequence: ExecutionEvent = {
      type: state.status[n] === Status.CANCELLED ? 'NodeCancelled' : 'NodeSkipped',
      runId: run.runId,
      dagName: run.dagName,
      at: event.at,
      nodeId: state.topology.idOf(n),
      reason: state.notes.get(n)?.reason ?? '',
    };
    yield { seq, part: part++, event: consequence };
  }
};

const publicEvent = (
  run: RunIdentity,
  state: RunState,
  event: RunEvent,
): ExecutionEvent | undefined => {
  const { runId, dagName } = run;
  const { at } = event;
  const id = (n: number): string => state.topology.idOf(n);
  switch (event.type) {
    case 'NodeStarted':
      return {
        type: event.type,
        runId,
        dagName,
        at,
        nodeId: id(event.n),
        attempt: state.attempt[event.n] as number,
      };
    case 'NodeCompleted': {
      const outcome: NodeOutcome = {
        success: true,
        outputs: event.outputs,
        metadata: event.metadata ?? null,
        cached: event.cached === true,
      };
      return {
        type: event.type,
        runId,
        dagName,
        at,
        nodeId: id(event.n),
        attempt: state.attempt[event.n] as number,
        outcome,
      };
    }
    case 'NodeRetrying':
      return {
        type: event.type,
        runId,
        dagName,
        at,
        nodeId: id(event.n),
        attempt: state.attempt[event.n] as number,
        error: event.error,
        delayMs: event.delay,
      };
    case 'NodeFailed':
      return {
        type: event.type,
        runId,
        dagName,
        at,
        nodeId: id(event.n),
        attempt: state.attempt[event.n] as number,
        error: event.error,
      };
    case 'NodeSkipped':
    case 'NodeCancelled':
      return { type: event.type, runId, dagName, at, nodeId: id(event.n), reason: event.reason };
    case 'HandlerCompleted':
      return { type: event.type, runId, dagName, at, nodeId: id(event.n), outputs: event.outputs };
    case 'HandlerFailed':
      return { type: event.type, runId, dagName, at, nodeId: id(event.n), error: event.error };
    case 'NodeWaiting': {
      const { prompt, details, due } = event.request;
      return { type: event.type, runId, dagName, at, nodeId: id(event.n), prompt, details, due };
    }
    case 'InputGiven':
      return { type: event.type, runId, dagName, at, nodeId: id(event.n), ...event.input };
    case 'WaitExpired':
      return { type: event.type, runId, dagName, at, nodeId: id(event.n) };
    case 'CacheUpdated': {
      const { namespace, key, value } = event;
      return { type: event.type, runId, dagName, at, namespace, key, value };
    }
    case 'RunPausing':
      return { type: event.type, runId, dagName, at, error: event.error };
    case 'InputsSet':
      return { type: event.type, runId, dagName, at, nodeId: id(event.n), inputs: event.inputs };
    case 'BranchPaused':
    case 'BranchCancelled':
      return { type: event.type, runId, dagName, at, nodeId: id(event.n), reason: event.reason };
    case 'BranchResumed':
      return { type: event.type, runId, dagName, at, nodeId: id(event.n) };
    case 'NodesEnabled':
    case 'NodesDisabled':
      return { type: event.type, runId, dagName, at, nodeIds: event.ns.map(id) };
    case 'NodesAdded':
      return { type: event.type, runId, dagName, at, nodes: event.nodes };
    case 'CustomEvent':
      return { type: event.type, runId, dagName, at, event: event.event };
    case 'CommandRejected':
      return {
        type: event.type,
        runId,
        dagName,
        at,
        command: event.command,
        by: event.by,
        error: event.error,
      };
    case 'LimitReached':
      return {
        type: event.type,
        runId,
        dagName,
        at,
        limit: event.limit,
        bound: event.bound,
        used: event.used,
      };
    case 'RunStopping':
      return { type: event.type, runId, dagName, at, error: event.error };
    case 'RunStarted':
      return { type: event.type, runId, dagName, at };
    case 'RunForked':
      return { type: event.type, runId, dagName, at, from: event.from, nodeIds: event.nodes };
    case 'RunResumed':
      return { type: event.type, runId, dagName, at, retry: event.retry };
    case 'RunFinished':
      return {
        type: event.type,
        runId,
        dagName,
        at,
        status: event.status,
        error: event.error ?? null,
      };
    case 'RetryDue':
    case 'HooksSeen':
    case 'HooksConcluded':
      return undefined;
  }
};
