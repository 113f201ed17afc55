import type { WaitAnswer } from '../actions/answer.ts';
import type { Cache } from '../cache/cache.ts';
import type { ErrorData } from '../errors.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { runMetrics, type RunMetrics } from './metrics.ts';
import type { HandlerNote } from './notes.ts';
import type { RunState } from './state.ts';
import { statusName, STATUS_NAMES, Status, type NodeStatus, type RunStatus } from './status.ts';

/** A failed attempt that was followed by another. */
export interface RetryReport {
  readonly attempt: number;
  readonly error: ErrorData;
  /** ISO 8601. */
  readonly failedAt: string;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
}

/** What became of a node. */
export interface NodeReport {
  readonly id: string;
  readonly action: string;
  readonly status: NodeStatus;
  /** Why it was skipped or cancelled. */
  readonly reason: string | null;
  readonly attempts: number;
  /** Null unless it succeeded, or when a limited cache had to drop them and nothing stores them. */
  readonly outputs: JsonObject | null;
  /** The error of the last attempt, when the node failed. */
  readonly error: ErrorData | null;
  readonly retries: readonly RetryReport[];
  /** ISO 8601; of the latest attempt. */
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** Of the latest attempt. */
  readonly durationMs: number | null;
  /** The outputs came from an earlier run. */
  readonly cached: boolean;
  readonly tokens: number;
  readonly metadata: JsonObject | null;
  /** What the failure handler did. */
  readonly handler: HandlerNote | null;
  /** The latest answer to what the node asked a person. */
  readonly answer: WaitAnswer | null;
}

/** A command that the run refused. */
export interface RejectedCommand {
  /** The hook that gave it. */
  readonly by: string;
  readonly at: string;
  readonly error: ErrorData;
}

/** A branch that is paused: a node and everything downstream of it. */
export interface PausedBranch {
  readonly nodeId: string;
  readonly reason: string | null;
}

/** A node that waits for a person. */
export interface WaitingNode {
  readonly nodeId: string;
  readonly prompt: string;
  /** What the person needs to decide. */
  readonly details: JsonValue;
  /** ISO 8601. */
  readonly since: string;
  /** ISO 8601; null when it waits without end. */
  readonly due: string | null;
  /** What happens when nobody answers in time. */
  readonly onTimeout: 'autopilot' | 'pause';
  /** Its time ran out; it waits on while the run is paused. */
  readonly expired: boolean;
}

export interface RunReportData {
  readonly runId: string;
  readonly dag: string;
  readonly status: RunStatus;
  /** Whether the run succeeded. */
  readonly success: boolean;
  readonly error: ErrorData | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly durationMs: number;
  readonly counts: { readonly total: number } & { readonly [S in NodeStatus]: number };
  readonly metrics: RunMetrics;
  readonly rejectedCommands: readonly RejectedCommand[];
  readonly pausedBranches: readonly PausedBranch[];
  /** Who waits for what, the longest wait first. */
  readonly waiting: readonly WaitingNode[];
  /** Node id -> what became of it, in the order of definition. */
  readonly nodes: { readonly [id: string]: NodeReport };
}

const iso = (ms: number): string | null => (ms === 0 ? null : new Date(ms).toISOString());

/** What is known of one node now. */
export const nodeReport = (state: RunState, cache: Cache, n: number): NodeReport => {
  const { id, action } = state.topology.definitions[n] as NodeDefinition;
  const notes = state.notes.get(n);
  const status = state.status[n] as number;
  const startedAt = state.startedAt[n] as number;
  const endedAt = state.endedAt[n] as number;
  return {
    id,
    action,
    status: statusName(status),
    reason: notes?.reason ?? null,
    attempts: state.attempt[n] as number,
    outputs: status === Status.SUCCEEDED ? (cache.outputsOf(id) ?? null) : null,
    error: notes?.error ?? null,
    retries: (notes?.retries ?? []).map((r) => ({
      attempt: r.attempt,
      error: r.error,
      failedAt: iso(r.at) as string,
      delayMs: r.delay,
    })),
    startedAt: iso(startedAt),
    finishedAt: iso(endedAt),
    durationMs: startedAt > 0 && endedAt > 0 ? Math.max(0, endedAt - startedAt) : null,
    cached: notes?.cached ?? false,
    tokens: notes?.tokens ?? 0,
    metadata: notes?.metadata ?? null,
    handler: notes?.handler ?? null,
    answer: notes?.answer ?? null,
  };
};

const waitingNodes = (state: RunState): WaitingNode[] =>
  [...state.waits.entries()]
    .toSorted(([, a], [, b]) => a.since - b.since)
    .map(([n, { request, since, expired }]) => ({
      nodeId: state.topology.idOf(n),
      prompt: request.prompt,
      details: request.details,
      since: new Date(since).toISOString(),
      due: request.due === null ? null : new Date(request.due).toISOString(),
      onTimeout: request.onTimeout,
      expired,
    }));

/** The report of a run. Node reports are made when they are first asked for. */
export class RunReport implements RunReportData {
  readonly runId: string;
  readonly dag: string;
  readonly status: RunStatus;
  readonly success: boolean;
  readonly error: ErrorData | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly durationMs: number;
  readonly counts: RunReportData['counts'];
  readonly pausedBranches: readonly PausedBranch[];
  readonly waiting: readonly WaitingNode[];
  readonly #state: RunState;
  readonly #cache: Cache;
  #nodes: RunReportData['nodes'] | undefined;
  #metrics: RunMetrics | undefined;
  #rejectedCommands: readonly RejectedCommand[] | undefined;

  /** @internal */
  constructor(
    ids: { readonly runId: string; readonly dag: string },
    state: RunState,
    cache: Cache,
    now: number,
  ) {
    this.runId = ids.runId;
    this.dag = ids.dag;
    this.status = state.finished?.status ?? 'running';
    this.success = this.status === 'succeeded';
    this.error = state.finished?.error ?? null;
    this.startedAt = new Date(state.runStartedAt).toISOString();
    this.finishedAt =
      state.finished === undefined ? null : new Date(state.finished.at).toISOString();
    this.durationMs = (state.finished?.at ?? now) - state.runStartedAt;
    const counts: { [S in NodeStatus | 'total']?: number } = { total: state.nodeCount };
    for (const [code, name] of STATUS_NAMES.entries()) counts[name] = state.counts[code] as number;
    this.counts = counts as RunReportData['counts'];
    this.pausedBranches = [...state.paused.reasons()].map(([n, reason]) => ({
      nodeId: state.topology.idOf(n),
      reason,
    }));
    this.waiting = waitingNodes(state);
    this.#state = state;
    this.#cache = cache;
  }

  get nodes(): RunReportData['nodes'] {
    if (this.#nodes === undefined) {
      // Without a prototype, any id is an ordinary key.
      const nodes = Object.create(null) as { [id: string]: NodeReport };
      for (let n = 0; n < this.#state.nodeCount; n++)
        nodes[this.#state.topology.idOf(n)] = nodeReport(this.#state, this.#cache, n);
      this.#nodes = nodes;
    }
    return this.#nodes;
  }

  /** The report of one node, or undefined when the run has no such node. */
  node(id: string): NodeReport | undefined {
    if (this.#nodes !== undefined) return this.#nodes[id];
    const n = this.#state.topology.numberOf(id);
    return n === undefined ? undefined : nodeReport(this.#state, this.#cache, n);
  }

  get metrics(): RunMetrics {
    return (this.#metrics ??= runMetrics(this.#state));
  }

  get rejectedCommands(): readonly RejectedCommand[] {
    return (this.#rejectedCommands ??= this.#state.commandRejections.map(({ by, at, error }) => ({
      by,
      at: new Date(at).toISOString(),
      error,
    })));
  }

  /** @internal Makes everything now, before the state moves on. */
  settle(): this {
    void this.nodes;
    void this.metrics;
    void this.rejectedCommands;
    return this;
  }

  toJSON(): RunReportData {
    const {
      runId,
      dag,
      status,
      success,
      error,
      startedAt,
      finishedAt,
      durationMs,
      counts,
      metrics,
      rejectedCommands,
      pausedBranches,
      waiting,
      nodes,
    } = this;
    return {
      runId,
      dag,
      status,
      success,
      error,
      startedAt,
      finishedAt,
      durationMs,
      counts,
      metrics,
      rejectedCommands,
      pausedBranches,
      waiting,
      nodes,
    };
  }
}
