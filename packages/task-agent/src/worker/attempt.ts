import {
  DaggerError,
  NonRetryableError,
  toErrorData,
  type JsonValue,
  type NodeLogger,
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
import { isSuccess } from '../lifecycle/states.ts';
import {
  readOptions,
  type OnDependencyFailure,
  type StoredOptions,
  type TaskSpec,
} from '../spec/task-spec.ts';
import { checkInput } from '../spec/check-input.ts';
import { outcomesOf } from '../store/reads.ts';
import { blockTask } from '../unit/block.ts';
import type { ClaimedTask } from '../unit/claim.ts';
import { failAttempt } from '../unit/fail.ts';
import { finishAttempt } from '../unit/finish-attempt.ts';
import { lostTask, type Grip } from '../unit/own-task.ts';
import type { Review } from '../unit/review.ts';
import type { StateWrite } from '../unit/state-writes.ts';
import type { AttemptHost } from './attempt-host.ts';
import { Errands } from './errands.ts';
import { checkedOutcomes, dependencyFailed } from './outcomes.ts';
import { Parked } from './parked.ts';
import { retryDelay } from './retry-delay.ts';
import { reviewDraft, verdictIn } from './review-task.ts';
import { SharedValues } from './shared-values.ts';
import { Waiting, type ParkRequest } from './waiting.ts';

const NO_WRITES: readonly StateWrite[] = [];

/** One attempt of a task, and what its agent sees. What an agent rarely asks for is made when it does. */
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
  #state: SharedValues | undefined;
  #waiting: Waiting | undefined;
  #tokens = 0;
  /** It made its task need others, and does not know what became of them. */
  #hasNewNeeds = false;
  /** Nothing that the agent does from now on counts. */
  #decided = false;
  /** The attempt is about to end, to wait for other tasks. */
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
    const { jobId, taskId, agent, attempt } = this;
    return (this.#log ??= nodeLogger(this.#host.logger, { jobId, taskId, agent, attempt }));
  }
  get state(): SharedState {
    return (this.#state ??= new SharedValues({
      storage: this.#host.storage,
      jobId: this.jobId,
      mustBeOwn: () => this.#mustBeOwn(),
    }));
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
    if (this.#parking !== undefined || this.#waiting?.isPending === true) {
      // It swallowed the end of the attempt; what it gave back does not count.
      await this.#parking?.catch(() => {});
      if (this.#decided) return;
    }
    const output = result === undefined ? {} : result;
    const text = await this.#outputText(output);
    if (this.#decided) return;
    const { options } = this;
    const verdict = options.reviews === undefined ? undefined : verdictIn(output as JsonValue);
    const isPlain =
      (this.#state?.writes.length ?? 0) === 0 &&
      this.#tokens === 0 &&
      options.review === undefined &&
      options.reviews === undefined;
    this.#conclude();
    await this.#store(async () => {
      if (!isPlain) return this.#finish(text, output as JsonValue, verdict);
      if (!(await this.#host.commits.complete({ ...this.grip, output: text })))
        throw lostTask(this.taskId);
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
    const { longestValue } = this.#host;
    if (text.length > longestValue)
      throw new NonRetryableError(
        `the output has ${text.length} characters of JSON, and ${longestValue} are allowed (maxValueBytes)`,
        { code: 'LIMIT_REACHED' },
      );
    return text;
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

  // ——— storing how it ended ———

  /** The slot of the attempt is free meanwhile. */
  async #store(write: () => Promise<void>): Promise<void> {
    this.#host.over(this);
    try {
      await write();
    } catch (error) {
      this.#troubled(error);
    }
    this.#host.stored(this);
  }

  async #finish(text: string, output: JsonValue, verdict: Review | undefined): Promise<void> {
    const { options, grip, task } = this;
    const review =
      typeof options.review === 'object'
        ? reviewDraft(task, options, {
            agent: options.review.agent,
            onCrash: this.#host.agent(options.review.agent)?.agent.onCrash,
            output,
          })
        : undefined;
    const { writes, tokens } = this.#leaves();
    try {
      await this.#host.commits.do({
        jobs: [this.jobId],
        run: (unit) =>
          finishAttempt(unit, { ...grip, output: text, writes, tokens, options, review, verdict }),
      });
    } catch (error) {
      // What was to be stored beside the output is refused, such as a number added to a text: then that is how it ends.
      if (!isRefusal(error)) throw error;
      await this.#fail(new NonRetryableError(error.message, { code: error.code, cause: error }));
    }
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

  #leaves(): { readonly writes: readonly StateWrite[]; readonly tokens: number } {
    return { writes: this.#state?.writes ?? NO_WRITES, tokens: this.#tokens };
  }

  async #park(request: ParkRequest): Promise<void> {
    this.#mustBeOwn();
    const leaves = this.#leaves();
    this.#parking = this.#host.commits.do({
      jobs: [this.jobId],
      run: (unit) => blockTask(unit, this.grip, { ...request, ...leaves }),
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

  // ——— what the agent may do ———

  #mustBeOwn(): void {
    if (this.#decided) throw lostTask(this.taskId);
    if (this.#parking !== undefined) throw new Parked(this.taskId);
  }

  get #errands(): Errands {
    this.#mustBeOwn();
    return new Errands(this.#host.storage, this.#host.commits, this.grip);
  }

  get #waits(): Waiting {
    return (this.#waiting ??= new Waiting({
      taskId: this.taskId,
      storage: this.#host.storage,
      mustBeOwn: () => this.#mustBeOwn(),
      read: (specs) => this.#host.read(specs, this),
      agent: (name) => this.#host.agent(name),
      park: (request) => this.#park(request),
    }));
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
    const outcomes = await outcomesOf(this.#host.storage, { of: this.taskId });
    return checkedOutcomes(outcomes, (name) => this.#host.agent(name));
  }

  async spawn<A extends AnyTaskAgent>(spec: TaskSpec<A>): Promise<SpawnedTask> {
    this.#mustBeOwn();
    const [draft] = await this.#host.read([spec], this);
    if (draft === undefined) throw new TypeError('no task was read');
    return this.#errands.spawn(draft);
  }

  async addDependency(
    taskId: string,
    { onFailure = 'fail' }: { readonly onFailure?: OnDependencyFailure } = {},
  ): Promise<void> {
    if (await this.#errands.addDependency(taskId, onFailure)) this.#hasNewNeeds = true;
  }

  async cancel(taskId: string, reason: string): Promise<void> {
    await this.#errands.cancel(taskId, reason);
  }

  async reopen(taskId: string, { input }: { readonly input?: JsonValue } = {}): Promise<void> {
    const { storage } = this.#host;
    const agents = { find: (name: string) => this.#host.agent(name) };
    if (input !== undefined) await checkInput(storage, agents, { taskId, input });
    await this.#errands.reopen(taskId, input);
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
    return this.#waits.settle(specs);
  }

  block(message?: string): Promise<never> {
    return this.#waits.block(message, this.#hasNewNeeds);
  }
}

/** An answer of ours that trying again does not change, and not that the task is somebody else's. */
const isRefusal = (error: unknown): error is DaggerError =>
  error instanceof DaggerError &&
  !error.recoverable &&
  !['TASK_LOST', 'STORAGE_FAILED', 'JOB_FINISHED'].includes(error.code);
