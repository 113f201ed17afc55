import type { Cache } from '../cache/cache.ts';
import { DaggerError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { EventHook } from '../hooks/hook.ts';
import type { JsonObject } from '../json.ts';
import type { RunReport } from '../run/report.ts';

export interface CoordinatorOptions {
  /** Asked in this order about every event. */
  readonly hooks?: readonly EventHook[];
  /** Events that may wait for hooks or for a watcher before the run starts no more nodes. Default 100. */
  readonly eventCapacity?: number;
  /** Commands from outside that may wait before `send` waits too. Default 100. */
  readonly commandCapacity?: number;
  /** Nodes at the same time, over the setting of the run. */
  readonly maxParallelNodes?: number;
}

/** What to run. */
export interface RunRequest {
  /** A loaded graph by its name, or a graph. */
  readonly dag: string | Graph;
  /** The inputs of the run, read as `inputs.<name>`. */
  readonly inputs?: JsonObject;
  /**
   * An idempotency key: running a finished id gives its report, an unfinished one goes on where it stopped.
   * Default: a new UUID.
   */
  readonly runId?: string;
  /** Values to begin with; filled with the outputs as the run goes. */
  readonly cache?: Cache;
  /** Aborting it cancels the run. */
  readonly signal?: AbortSignal;
}

/** What runs requests; a `DagExecutor`. */
export interface Runner {
  execute(request: RunRequest, options: CoordinatorOptions): Promise<RunReport>;
}

const BOUNDS = ['eventCapacity', 'commandCapacity', 'maxParallelNodes'] as const;

/** @throws DaggerError CONFIG_INVALID naming the option and its value */
export const checkBounds = (
  options: CoordinatorOptions & { readonly signal?: AbortSignal },
): void => {
  const { hooks, signal } = options;
  if (
    hooks !== undefined &&
    !(Array.isArray(hooks) && hooks.every((hook) => typeof hook === 'object' && hook !== null))
  )
    throw new DaggerError('CONFIG_INVALID', 'hooks must be a list of hooks, which are objects');
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new DaggerError(
      'CONFIG_INVALID',
      'signal must be an AbortSignal, such as the signal of an AbortController',
    );
  for (const name of BOUNDS) {
    const value = options[name];
    if (value === undefined || (Number.isInteger(value) && value >= 1)) continue;
    throw new DaggerError(
      'CONFIG_INVALID',
      `${name} must be a whole number of at least 1, not ${String(value)}`,
    );
  }
};

/** The policy of a run: its hooks and its bounds. One coordinator may serve many runs. */
export class Coordinator {
  readonly #options: CoordinatorOptions;

  /** @throws DaggerError CONFIG_INVALID */
  constructor(options: CoordinatorOptions = {}) {
    checkBounds(options);
    this.#options = { ...options };
  }

  /** Runs every ready node in parallel, up to the limit of the run. Resolves with the report, also of a failed run. */
  runParallel(runner: Runner, request: RunRequest): Promise<RunReport> {
    return runner.execute(request, this.#options);
  }

  /** Runs one node at a time in topological order, with the same semantics and report. */
  runSequential(runner: Runner, request: RunRequest): Promise<RunReport> {
    return runner.execute(request, { ...this.#options, maxParallelNodes: 1 });
  }
}
