/**
 * The one hierarchy of errors. Every error has a stable `code` to branch on, the ids it concerns and its `cause`.
 * `instanceof DaggerError` holds across duplicate installs, because the class is recognised by a brand.
 */

const brand: unique symbol = Symbol.for('dagger.error') as never;
const nonRetryable: unique symbol = Symbol.for('dagger.error.non-retryable') as never;

const isBranded = (value: unknown, mark: symbol): boolean => {
  try {
    return typeof value === 'object' && value !== null && mark in value;
  } catch {
    // A revoked proxy answers no question.
    return false;
  }
};

/** Every code that dagger itself throws or records. An action may use codes of its own. */
export type ErrorCode =
  | 'ACTION_DUPLICATE'
  | 'ACTION_FAILED'
  | 'ACTION_INVALID'
  | 'ACTION_UNKNOWN'
  | 'AGENT_DUPLICATE'
  | 'AGENT_FAILED'
  | 'AGENT_INVALID'
  | 'AGENT_NOT_ALLOWED'
  | 'AGENT_UNKNOWN'
  | 'ATTEMPT_OVER'
  | 'ATTEMPT_TIMEOUT'
  | 'BUS_CLOSED'
  | 'CACHE_TYPE'
  | 'CANCELLED'
  | 'CHANNEL_DEADLOCK'
  | 'CHANNEL_FULL'
  | 'CHANNEL_INVALID'
  | 'CHANNEL_NOT_ALLOWED'
  | 'CIRCUIT_OPEN'
  | 'COMMAND_REJECTED'
  | 'CONDITION_FAILED'
  | 'CONFIG_INVALID'
  | 'CRASH_SCENARIO'
  | 'DAG_DUPLICATE'
  | 'DAG_UNKNOWN'
  | 'DELIVERY_LOST'
  | 'DEPENDENCY_FAILED'
  | 'EXECUTOR_CLOSED'
  | 'GRAPH_INVALID'
  | 'GROUP_BUSY'
  | 'GROUP_MISMATCH'
  | 'GROUP_UNKNOWN'
  | 'HOOK_FAILED'
  | 'INPUT_INVALID'
  | 'INPUT_MISSING'
  | 'INTERLEAVING_FAILED'
  | 'JOB_FINISHED'
  | 'JOB_INVALID'
  | 'JOB_STUCK'
  | 'JOB_TIMEOUT'
  | 'JOB_UNKNOWN'
  | 'LIMIT_REACHED'
  | 'MANAGER_CLOSED'
  | 'MESSAGE_INVALID'
  | 'NODE_TIMEOUT'
  | 'NOT_JSON'
  | 'OUTPUT_INVALID'
  | 'OUTPUT_MISSING'
  | 'PAUSED'
  | 'REJECTED'
  | 'REVIEW_UNKNOWN'
  | 'RUN_CONFLICT'
  | 'RUN_LOST'
  | 'RUN_OWNED'
  | 'RUN_TIMEOUT'
  | 'RUN_UNKNOWN'
  | 'STORAGE_FAILED'
  | 'STORAGE_MISSING'
  | 'STORAGE_URL'
  | 'SUPERVISOR_MISSING'
  | 'TASK_CONFLICT'
  | 'TASK_CRASHED'
  | 'TASK_CYCLE'
  | 'TASK_INVALID'
  | 'TASK_LOST'
  | 'TASK_PARKED'
  | 'TASK_REJECTED'
  | 'TASK_STATE'
  | 'TASK_TIMEOUT'
  | 'TASK_UNKNOWN'
  | 'TEST_DEADLOCK'
  | 'THREAD_CRASHED'
  | 'THREAD_POOL_CLOSED'
  | 'TREE_STOPPED'
  | 'TREE_TIMEOUT';

/** The ids that an error concerns; only those that apply are present. */
export interface ErrorIds {
  readonly dag?: string;
  readonly runId?: string;
  readonly nodeId?: string;
  readonly action?: string;
  readonly jobId?: string;
  readonly taskId?: string;
  readonly agent?: string;
}

export interface DaggerErrorOptions {
  readonly ids?: ErrorIds;
  readonly cause?: unknown;
  /** Whether trying the same again may succeed. Default: false. */
  readonly recoverable?: boolean;
}

export class DaggerError extends Error {
  readonly code: string;
  readonly ids: ErrorIds;
  readonly recoverable: boolean;

  constructor(code: ErrorCode | (string & {}), message: string, options: DaggerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.ids = options.ids ?? {};
    this.recoverable = options.recoverable ?? false;
    Object.defineProperty(this, brand, { value: true });
  }

  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'DaggerError',
      configurable: true,
      // Subclasses set a name of their own.
      writable: true,
    });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this === DaggerError) return isBranded(value, brand);
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** Thrown by an action to say that trying again cannot help: the node fails at once, whatever attempts are left. */
export class NonRetryableError extends DaggerError {
  constructor(message: string, options: DaggerErrorOptions & { readonly code?: string } = {}) {
    super(options.code ?? 'ACTION_FAILED', message, options);
    this.name = 'NonRetryableError';
    Object.defineProperty(this, nonRetryable, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this === NonRetryableError) return isBranded(value, nonRetryable);
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** An error as plain data: what events, the journal and reports carry. */
export interface ErrorData {
  readonly code: string;
  readonly name: string;
  readonly message: string;
  /** The message of each cause, outermost first. */
  readonly causes?: readonly string[];
  readonly stack?: string;
  /** Whether a retry was allowed by the error itself. */
  readonly retryable: boolean;
}

const MAX_CAUSES = 8;
const MAX_TEXT = 20_000;

const cut = (text: string): string =>
  text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;

/** Reads what may be a getter that throws; undefined unless it gives text. */
const text = (read: () => unknown): string | undefined => {
  try {
    const value = read();
    return typeof value === 'string' ? cut(value) : undefined;
  } catch {
    return undefined;
  }
};

/** What was thrown in words, however it looks. */
const describe = (value: unknown): string => {
  if (typeof value === 'string') return cut(value);
  const message = text(() => (value as { readonly message?: unknown }).message);
  const found = message ?? text(() => JSON.stringify(value)) ?? text(() => String(value));
  return found ?? 'something that cannot be described';
};

/** The messages of the causes, outermost first. */
const causesOf = (thrown: unknown): string[] => {
  const found: string[] = [];
  let at = thrown;
  while (found.length < MAX_CAUSES) {
    try {
      at = (at as { readonly cause?: unknown } | null | undefined)?.cause;
    } catch {
      break;
    }
    if (at === undefined) break;
    found.push(describe(at));
  }
  return found;
};

/** Turns whatever was thrown into plain data. Never throws. */
export const toErrorData = (thrown: unknown, fallback: ErrorCode = 'ACTION_FAILED'): ErrorData => {
  const fields = thrown as {
    readonly code?: unknown;
    readonly name?: unknown;
    readonly stack?: unknown;
  };
  const causes = causesOf(thrown);
  const own = thrown instanceof DaggerError;
  const stack = own ? undefined : text(() => fields.stack);
  return {
    code: text(() => fields.code) ?? fallback,
    name: text(() => fields.name) ?? 'Error',
    message: describe(thrown),
    ...(causes.length > 0 ? { causes } : {}),
    ...(stack === undefined ? {} : { stack }),
    retryable: !isBranded(thrown, nonRetryable),
  };
};
