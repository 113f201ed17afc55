import {
  DaggerError,
  NonRetryableError,
  toErrorData,
  type Clock,
  type Ids,
  type JsonObject,
  type JsonValue,
  type Logger,
  type NodeLogger,
  type Storage,
} from '@dagger/core';
import { checkJson, nodeLogger, sealParsed } from '@dagger/core/kernel';
import type { AnyTaskAgent, OutputOf } from '../agent/agent.ts';
import type {
  DependencyOutcome,
  OutputsOf,
  SharedState,
  SpawnedTask,
  TaskContext,
} from '../agent/context.ts';
import type { RegisteredAgent } from '../agent/registry.ts';
import { isEnd, isSuccess } from '../lifecycle/states.ts';
import type { TaskDraft } from '../spec/draft.ts';
import { taskIdOf } from '../spec/task-id.ts';
import {
  readOptions,
  type OnDependencyFailure,
  type StoredOptions,
  type TaskSpec,
} from '../spec/task-spec.ts';
import type { ClaimedTask } from '../unit/claim.ts';
import { addTasks } from '../unit/add-tasks.ts';
import { addDependencies } from '../unit/add-edges.ts';
import { blockTask } from '../unit/block.ts';
import { cancelTasks } from '../unit/cancel.ts';
import type { Commits } from '../unit/commits.ts';
import { failAttempt } from '../unit/fail.ts';
import { finishAttempt } from '../unit/finish-attempt.ts';
import { lostTask, ownTask, type Grip } from '../unit/own-task.ts';
import { reopenTask } from '../unit/reopen.ts';
import type { Review } from '../unit/review.ts';
import { changed, type StateWrite } from '../unit/state-writes.ts';
import { unknownTask, type Unit } from '../unit/unit.ts';
import { retryDelay } from './retry-delay.ts';
import { outcomesOf, readStateValue, taskRow } from '../store/reads.ts';
import { isStorable } from '../store/storable.ts';
import type { TaskRow } from '../store/tables.ts';

/** What attempts share with their worker. */
export interface AttemptHost {
  readonly storage: Storage;
  readonly commits: Commits;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly appData: unknown;
  /** Milliseconds for an attempt whose task and agent say nothing. */
  readonly defaultTimeout: number;
  readonly longestValue: number;
  /** Reads specs of tasks that an attempt adds. */
  read(specs: readonly TaskSpec[], attempt: TaskAttempt): Promise<readonly TaskDraft[]>;
  agent(name: string): RegisteredAgent | undefined;
  /** Calls back at a time, until called off. */
  at(due: number, fire: () => void): () => void;
  /** An attempt made progress that watchers hear of. */
  progressed(attempt: TaskAttempt, fraction: number, message: string | null): void;
  /** The attempt is over and its slot is free; how it ended is about to be stored. */
  over(attempt: TaskAttempt): void;
  /** How it ended is stored, or cannot be. */
  stored(attempt: TaskAttempt): void;
  /** How it ended cannot be stored, and the task may still be its own. */
  unstored(attempt: TaskAttempt): void;
}

/** What ends an attempt that waits for other tasks. */
class Parked extends DaggerError {
  constructor(taskId: string) {
    super(
      'TASK_PARKED',
      `task '${taskId}' waits for other tasks and will be run again; let this error pass`,
      { ids: { taskId } },
    );
  }
}

interface Wanted {
  readonly specs: readonly TaskSpec[];
  readonly resolve: (outcomes: readonly DependencyOutcome[]) => void;
  readonly reject: (error: unknown) => void;
}

/** One attempt of a task, and what its agent sees. */
export class TaskAttempt implements TaskContext<never> {
  readonly task: ClaimedTask;
  readonly grip: Grip;
  readonly #host: AttemptHost;
  readonly #registered: RegisteredAgent;
  #input: unknown;
  #options: StoredOptions | undefined;
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  #log: NodeLogger | undefined;
  #state: SharedState | undefined;
  #writes: StateWrite[] = [];
  #tokens = 0;
  #wanted: Wanted[] = [];
  /** The attempt is decided: nothing that the agent does from now on counts. */
  #decided = false;
  #parking: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  /** When it last gave a sign of progress, and whether that is to be stored. */
  beatAt: number;
  isBeatNew = false;
  lastProgress: string | null = null;

  constructor(host: AttemptHost, registered: RegisteredAgent, task: ClaimedTask) {
    this.#host = host;
    this.#registered = registered;
    this.task = task;
    this.grip = { taskId: task.id, jobId: task.job_id, fence: task.fence };
    this.beatAt = host.clock.now();
  }

  get jobId(): string {
    return this.task.job_id;
  }
  get taskId(): string {
    return this.task.id;
  }
  get agent(): string {
    return this.task.agent;
  }
  get parentId(): string | null {
    return this.task.parent_id;
  }
  get input(): never {
    return this.#input as never;
  }
  get attempt(): number {
    return this.task.failures + this.task.crashes + 1;
  }
  get run(): number {
    return this.task.fence;
  }
  get options(): StoredOptions {
    return (this.#options ??= readOptions(this.task.options));
  }
  get feedback(): string | null {
    return this.options.feedback ?? null;
  }
  get acceptanceCriteria(): readonly string[] {
    return this.options.acceptanceCriteria ?? [];
  }
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }
  get idempotencyKey(): string {
    return this.task.id;
  }
  get appData(): unknown {
    return this.#host.appData;
  }
  get log(): NodeLogger {
    return (this.#log ??= nodeLogger(this.#host.logger, {
      jobId: this.jobId,
      taskId: this.taskId,
      agent: this.agent,
      attempt: this.attempt,
    }));
  }
  get state(): SharedState {
    return (this.#state ??= this.#sharedState());
  }

  /** Whether something has decided about the attempt already. */
  get isDecided(): boolean {
    return this.#decided;
  }

  // ——— running ———

  /** Runs the agent to the end of the attempt. Never rejects. */
  async begin(): Promise<void> {
    try {
      const { task } = this;
      const timeout = task.timeout_ms ?? this.#host.defaultTimeout;
      this.#cancelTimer = this.#host.at(this.beatAt + timeout, () => this.#timeOut(timeout));
      const input = JSON.parse(task.input) as JsonValue;
      const checked = this.#registered.input?.(input);
      const valid = checked instanceof Promise ? await checked : checked;
      if (valid?.issues !== undefined)
        throw new NonRetryableError(
          `the input of agent '${task.agent}' is not valid: ${valid.issues.join('; ')}`,
          { code: 'INPUT_INVALID' },
        );
      this.#input = valid === undefined ? sealParsed(input) : valid.value;
      const result: unknown = await this.#registered.agent.execute(this);
      await this.#succeeded(result);
    } catch (error) {
      await this.#failed(error);
    }
  }

  /** The attempt is over whatever the agent does: its signal is aborted. */
  abort(reason: unknown): void {
    if (this.#aborted !== undefined) return;
    this.#aborted = { reason };
    this.#controller?.abort(reason);
  }

  /** Somebody else has the task, or it was cancelled; nothing is written any more. */
  lose(reason: DaggerError = lostTask(this.taskId)): void {
    if (this.#decided) return;
    this.#conclude();
    this.abort(reason);
    this.#host.over(this);
    this.#host.stored(this);
  }

  #conclude(): void {
    this.#decided = true;
    this.#cancelTimer?.();
  }

  #timeOut(timeout: number): void {
    if (this.#decided) return;
    const error = new DaggerError(
      'TASK_TIMEOUT',
      `the attempt took longer than ${timeout / 1_000} s`,
      { ids: { taskId: this.taskId, jobId: this.jobId }, recoverable: true },
    );
    void this.#failed(error);
    this.abort(error);
  }

  async #succeeded(result: unknown): Promise<void> {
    if (this.#decided) return;
    if (this.#parking !== undefined || this.#wanted.length > 0) {
      // It swallowed the end of the attempt; what it gave back does not count.
      await this.#parking?.catch(() => {});
      if (this.#decided) return;
    }
    const output = result === undefined ? {} : result;
    const text = await this.#outputText(output);
    if (this.#decided) return;
    const { options } = this;
    const isPlain =
      this.#writes.length === 0 &&
      this.#tokens === 0 &&
      options.review === undefined &&
      options.reviews === undefined;
    const verdict = options.reviews === undefined ? undefined : verdictIn(output as JsonValue);
    this.#conclude();
    await this.#store(async () => {
      if (!isPlain) return this.#finishOrFail(text, output as JsonValue, verdict);
      if (!(await this.#host.commits.complete({ ...this.grip, output: text })))
        throw lostTask(this.taskId);
    });
  }

  /** Stores how the attempt ended. Its slot is free meanwhile. */
  async #store(write: () => Promise<void>): Promise<void> {
    this.#host.over(this);
    try {
      await write().catch((error: unknown) => this.#refused(error));
    } catch (error) {
      this.#troubled(error);
    }
    this.#host.stored(this);
  }

  /** What the attempt leaves is refused for good, such as a shared value of another kind: then that is how it ends. */
  async #refused(error: unknown): Promise<void> {
    const isFinal =
      error instanceof DaggerError &&
      !error.recoverable &&
      !['TASK_LOST', 'STORAGE_FAILED', 'JOB_FINISHED'].includes(error.code);
    if (!isFinal) throw error;
    await this.#host.commits.do({
      jobs: [this.jobId],
      run: (unit) =>
        failAttempt(unit, this.grip, {
          error: toErrorData(error),
          delay: undefined,
          tokens: this.#tokens,
        }),
    });
  }

  async #outputText(output: unknown): Promise<string> {
    checkJson(output);
    const checked = this.#registered.output?.(output);
    const valid = checked instanceof Promise ? await checked : checked;
    if (valid?.issues !== undefined)
      throw new DaggerError(
        'OUTPUT_INVALID',
        `the output of agent '${this.agent}' is not valid: ${valid.issues.join('; ')}`,
        { ids: { taskId: this.taskId, agent: this.agent } },
      );
    const text = JSON.stringify(output);
    if (text.length > this.#host.longestValue)
      throw new NonRetryableError(
        `the output has ${text.length} characters of JSON, and ${this.#host.longestValue} are allowed (maxValueBytes)`,
        { code: 'LIMIT_REACHED' },
      );
    return text;
  }

  /** What was to be stored beside the output may be refused: that is a failure of the attempt. */
  async #finishOrFail(text: string, output: JsonValue, verdict: Review | undefined): Promise<void> {
    try {
      await this.#finish(text, output, verdict);
    } catch (error) {
      const isRefused =
        error instanceof DaggerError &&
        error.code !== 'TASK_LOST' &&
        error.code !== 'STORAGE_FAILED';
      if (!isRefused) throw error;
      await this.#fail(new NonRetryableError(error.message, { code: error.code, cause: error }));
    }
  }

  async #finish(text: string, output: JsonValue, verdict: Review | undefined): Promise<void> {
    const { options, grip } = this;
    const review =
      typeof options.review === 'object'
        ? reviewDraft(this, options.review.agent, output)
        : undefined;
    const writes = this.#writes;
    const tokens = this.#tokens;
    await this.#host.commits.do({
      jobs: [this.jobId],
      run: (unit) =>
        finishAttempt(unit, { ...grip, output: text, writes, tokens, options, review, verdict }),
    });
  }

  async #failed(thrown: unknown): Promise<void> {
    if (this.#parking !== undefined) {
      const parked = await this.#parking.then(
        () => true,
        () => false,
      );
      if (parked) return;
    }
    if (this.#decided) return;
    this.#conclude();
    await this.#store(() => this.#fail(thrown));
  }

  async #fail(thrown: unknown): Promise<void> {
    const error = toErrorData(thrown, 'AGENT_FAILED');
    const delay = retryDelay(error, this.task, this.#registered.agent, this.#host.ids.random());
    const tokens = this.#tokens;
    await this.#host.commits.do({
      jobs: [this.jobId],
      run: (unit) => failAttempt(unit, this.grip, { error, delay, tokens }),
    });
  }

  /** The storage did not take the end of the attempt: the task is somebody else's, or will be recovered. */
  #troubled(error: unknown): void {
    const isLost = error instanceof DaggerError && error.code === 'TASK_LOST';
    if (!isLost) this.#host.unstored(this);
    this.#host.logger(isLost ? 'info' : 'error', 'the end of an attempt was not stored', {
      jobId: this.jobId,
      taskId: this.taskId,
      error: error instanceof Error ? error.message : String(error),
    });
  }

  // ——— what the agent may do ———

  #mustBeOwn(): void {
    if (this.#decided) throw lostTask(this.taskId);
    if (this.#parking !== undefined) throw new Parked(this.taskId);
  }

  progress(fraction: number, message?: string): void {
    if (this.#decided) return;
    const clamped = Math.min(1, Math.max(0, Number.isFinite(fraction) ? fraction : 0));
    this.lastProgress = JSON.stringify({ fraction: clamped, message: message ?? null });
    this.heartbeat();
    this.#host.progressed(this, clamped, message ?? null);
  }

  heartbeat(): void {
    this.beatAt = this.#host.clock.now();
    this.isBeatNew = true;
  }

  useTokens(tokens: number): void {
    if (!(Number.isSafeInteger(tokens) && tokens >= 0))
      throw new DaggerError(
        'TASK_INVALID',
        `useTokens takes a whole number of at least 0, not ${String(tokens)}`,
        { ids: { taskId: this.taskId } },
      );
    this.#tokens += tokens;
  }

  async dependencies(): Promise<readonly DependencyOutcome[]> {
    return this.#checked(await outcomesOf(this.#host.storage, { of: this.taskId }));
  }

  async spawn<A extends AnyTaskAgent>(spec: TaskSpec<A>): Promise<SpawnedTask> {
    this.#mustBeOwn();
    const [draft] = await this.#host.read([spec], this);
    if (draft === undefined) throw new TypeError('no task was read');
    const { added } = await this.#fenced((unit) =>
      addTasks(unit, this.jobId, [draft], { by: this.taskId }),
    );
    return { taskId: draft.id, isNew: added.includes(draft.id) };
  }

  async addDependency(
    taskId: string,
    { onFailure = 'fail' }: { readonly onFailure?: OnDependencyFailure } = {},
  ): Promise<void> {
    this.#mustBeOwn();
    await this.#host.commits.do({
      jobs: [this.jobId],
      run: async (unit) =>
        addDependencies(unit, await ownTask(unit, this.grip), [{ id: taskId, onFailure }]),
    });
  }

  async cancel(taskId: string, reason: string): Promise<void> {
    this.#mustBeOwn();
    await this.#fenced(async (unit) => {
      await this.#taskOfJob(unit, taskId);
      await cancelTasks(unit, this.jobId, { reason, root: taskId, except: this.taskId });
    });
  }

  async reopen(taskId: string, { input }: { readonly input?: JsonValue } = {}): Promise<void> {
    this.#mustBeOwn();
    if (input !== undefined) checkJson(input);
    await this.#fenced(async (unit) => {
      await reopenTask(unit, await this.#taskOfJob(unit, taskId), {
        by: this.taskId,
        ...(input === undefined ? {} : { input: JSON.stringify(input) }),
      });
    });
  }

  /** @throws DaggerError TASK_UNKNOWN where it is no task of this job */
  async #taskOfJob(unit: Unit, taskId: string): Promise<TaskRow> {
    const row = await taskRow(unit.trx, taskId);
    if (row?.job_id !== this.jobId) throw unknownTask(taskId, this.#host.storage);
    return row;
  }

  /** A write for which the attempt shows that the task is still its own. */
  #fenced<T>(run: (unit: Unit) => Promise<T>): Promise<T> {
    return this.#host.commits.do({
      jobs: [this.jobId],
      run: async (unit) => {
        await ownTask(unit, this.grip);
        return run(unit);
      },
    });
  }

  require<A extends AnyTaskAgent>(spec: TaskSpec<A>): Promise<OutputOf<A>>;
  require<const S extends readonly TaskSpec[]>(specs: S): Promise<OutputsOf<S>>;
  async require(specs: TaskSpec | readonly TaskSpec[]): Promise<unknown> {
    const isOne = !Array.isArray(specs);
    const outcomes = await this.settle(isOne ? [specs as TaskSpec] : specs);
    const bad = outcomes.find(({ state }) => !isSuccess(state));
    if (bad !== undefined) throw dependencyFailed(bad);
    const outputs = outcomes.map(({ output }) => output);
    return isOne ? outputs[0] : outputs;
  }

  settle(specs: readonly TaskSpec[]): Promise<readonly DependencyOutcome[]> {
    const settled = new Promise<readonly DependencyOutcome[]>((resolve, reject) => {
      // What this throws rejects the promise.
      this.#mustBeOwn();
      this.#wanted.push({ specs, resolve, reject });
      // What is asked for in the same turn is one step.
      if (this.#wanted.length === 1) queueMicrotask(() => void this.#requireAll());
    });
    // An agent may not wait for what it asked for; then nobody hears that the attempt was over.
    settled.catch(() => {});
    return settled;
  }

  async #requireAll(): Promise<void> {
    // One more turn of microtasks, so that `Promise.all` over agents' own functions counts as one step too.
    await Promise.resolve();
    const wanted = this.#wanted;
    try {
      const lists: (readonly TaskDraft[])[] = [];
      for (const { specs } of wanted) lists.push(await this.#host.read(specs, this));
      const drafts = [...new Map(lists.flat().map((draft) => [draft.id, draft])).values()];
      const known = new Map(
        (await outcomesOf(this.#host.storage, { ids: drafts.map(({ id }) => id) })).map(
          (outcome) => [outcome.taskId, outcome],
        ),
      );
      if (drafts.every(({ id }) => isEnd(known.get(id)?.state ?? 'pending'))) {
        const checked = new Map(
          (await this.#checked([...known.values()])).map((o) => [o.taskId, o]),
        );
        this.#wanted = [];
        for (const [i, { resolve }] of wanted.entries())
          resolve((lists[i] ?? []).map(({ id }) => checked.get(id) as DependencyOutcome));
        return;
      }
      this.#wanted = [];
      // The tasks are waited for whatever becomes of them; the agent hears of it when it is run again.
      const needs = drafts.map(({ id }) => ({ id, onFailure: 'continue' as const }));
      await this.#park({ drafts, needs, message: undefined });
      for (const { reject } of wanted) reject(new Parked(this.taskId));
    } catch (error) {
      this.#wanted = [];
      for (const { reject } of wanted) reject(error);
    }
  }

  async block(message?: string): Promise<never> {
    this.#mustBeOwn();
    const waits = (await outcomesOf(this.#host.storage, { of: this.taskId })).some(
      ({ state }) => !isEnd(state),
    );
    const why =
      waits && message === undefined ? undefined : (message ?? 'its agent waits for a decision');
    await this.#park({ drafts: [], needs: [], message: waits ? undefined : why });
    throw new Parked(this.taskId);
  }

  async #park(request: {
    readonly drafts: readonly TaskDraft[];
    readonly needs: readonly { readonly id: string; readonly onFailure: OnDependencyFailure }[];
    readonly message: string | undefined;
  }): Promise<void> {
    this.#mustBeOwn();
    const writes = this.#writes;
    const tokens = this.#tokens;
    this.#parking = this.#host.commits.do({
      jobs: [this.jobId],
      run: (unit) => blockTask(unit, this.grip, { ...request, writes, tokens }),
    });
    try {
      await this.#parking;
    } catch (error) {
      // It goes on running: the step was refused, and nothing of it is there.
      this.#parking = undefined;
      throw error;
    }
    if (this.#decided) return;
    this.#conclude();
    this.abort(new Parked(this.taskId));
    this.#host.over(this);
    this.#host.stored(this);
  }

  /** Outputs are handed over only if they are what their agent promises. */
  async #checked(outcomes: readonly DependencyOutcome[]): Promise<readonly DependencyOutcome[]> {
    for (const { agent, state, output, taskId } of outcomes) {
      if (!isSuccess(state)) continue;
      const checked = await this.#host.agent(agent)?.output?.(output);
      if (checked?.issues !== undefined)
        throw new NonRetryableError(
          `the output of '${taskId}' is not what agent '${agent}' promises now: ${checked.issues.join('; ')}`,
          { code: 'OUTPUT_INVALID', ids: { taskId, agent } },
        );
    }
    return outcomes;
  }

  #sharedState(): SharedState {
    const write = (change: StateWrite): void => {
      this.#mustBeOwn();
      if ('value' in change) checkJson(change.value);
      if (change.op === 'add' && typeof change.value !== 'number')
        throw new DaggerError(
          'TASK_INVALID',
          `only a number can be added to the shared value '${change.key}', not ${typeof change.value}`,
        );
      if (typeof change.key !== 'string' || change.key === '' || !isStorable(change.key))
        throw new DaggerError('TASK_INVALID', 'the key of a shared value must be text without NUL');
      this.#writes.push(change);
    };
    return {
      get: async <T extends JsonValue>(key: string): Promise<T | undefined> => {
        let value = await readStateValue(this.#host.storage, this.jobId, key);
        for (const change of this.#writes) if (change.key === key) value = changed(value, change);
        return value as T | undefined;
      },
      set: (key, value) => write({ op: 'set', key, value }),
      delete: (key) => write({ op: 'delete', key }),
      append: (key, value) => write({ op: 'append', key, value }),
      add: (key, value) => write({ op: 'add', key, value }),
    };
  }
}

const dependencyFailed = ({ taskId, state, error }: DependencyOutcome): DaggerError =>
  new NonRetryableError(
    `task '${taskId}' is ${state}${error === null ? '' : `: ${error.message}`}`,
    { code: 'DEPENDENCY_FAILED', ids: { taskId } },
  );

/** The task that looks at the output; a new one each time, so that each output has its own. */
const reviewDraft = (attempt: TaskAttempt, agent: string, output: JsonValue): TaskDraft => {
  const { task, taskId, jobId, options } = attempt;
  const key = `review-${task.rejections + 1}`;
  const input: JsonObject = {
    taskId,
    agent: task.agent,
    input: JSON.parse(task.input) as JsonValue,
    output,
    acceptanceCriteria: options.acceptanceCriteria ?? [],
  };
  return {
    id: taskIdOf(jobId, taskId, key),
    key,
    parentId: taskId,
    depth: task.depth + 1,
    agent,
    type: 'subtask',
    title: null,
    input: JSON.stringify(input),
    options: { reviews: taskId },
    priority: task.rank,
    ord: task.ord,
    delayMs: 0,
    timeoutMs: null,
    needs: [],
  };
};

/** What a reviewing agent gave back. @throws DaggerError OUTPUT_INVALID */
const verdictIn = (output: JsonValue): Review => {
  const { accept, reason, final } = (output ?? {}) as JsonObject;
  if (accept === true) return { accept };
  if (accept === false && typeof reason === 'string')
    return { accept, reason, ...(final === true ? { final } : {}) };
  throw new DaggerError(
    'OUTPUT_INVALID',
    'a reviewing agent gives { accept: true } or { accept: false, reason: "…" }',
  );
};
