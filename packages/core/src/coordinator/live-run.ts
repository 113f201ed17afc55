import type { Logger } from '../actions/logger.ts';
import type { ActionRegistry } from '../actions/registry.ts';
import type { Cache } from '../cache/cache.ts';
import { applyWrites, CacheView, checkWrites } from '../cache/view.ts';
import type { Clock } from '../clock.ts';
import type { DagConfig } from '../config/model.ts';
import { DaggerError, toErrorData, type ErrorCode, type ErrorData } from '../errors.ts';
import type { CacheStrategy, NodeDefinition } from '../graph/model.ts';
import { RUN_INPUTS } from '../graph/reference.ts';
import { NodeFlag } from '../graph/topology.ts';
import { Depths } from '../graph/depth.ts';
import type { EventHook } from '../hooks/hook.ts';
import type { Ids } from '../ids.ts';
import { sealJson, type JsonObject } from '../json.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { NodeCompletedEvent, RunEvent } from '../run/events.ts';
import { publicEvents, type NumberedEvent, type RunIdentity } from '../run/public-events.ts';
import { RunReport } from '../run/report.ts';
import { nextDelay } from '../run/retry.ts';
import type { RunState } from '../run/state.ts';
import { isSettled, Status } from '../run/status.ts';
import type { MemoStore, RunJournal } from '../storage/journal.ts';
import { NodeAttempt, type AttemptHost } from './attempt.ts';
import { Attempts } from './attempts.ts';
import { commandEvent, describeCommand } from './carry-out.ts';
import { CommandLine } from './command-line.ts';
import { Conditions } from './condition.ts';
import { EventStream } from './event-stream.ts';
import { HookGate, type HookHost } from './hook-gate.ts';
import { HookLine, type HookAnswer } from './hook-line.ts';
import { resolveInputs } from './inputs.ts';
import { Lookups } from './lookups.ts';
import { Readers } from './readers.ts';
import { Timers } from './timers.ts';
import { Turns, type TurnWork } from './turns.ts';

/** Failures that another attempt cannot mend. */
const FINAL: ReadonlySet<string> = new Set<ErrorCode>([
  'INPUT_MISSING',
  'INPUT_INVALID',
  'ACTION_UNKNOWN',
  'ACTION_INVALID',
  'NOT_JSON',
]);

export interface LiveRunOptions {
  readonly identity: RunIdentity;
  readonly state: RunState;
  readonly cache: Cache;
  readonly config: DagConfig;
  /** Nodes at the same time. */
  readonly slots: number;
  readonly registry: ActionRegistry;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly appData: unknown;
  readonly hooks: readonly EventHook[];
  readonly eventCapacity: number;
  readonly commandCapacity: number;
  readonly journal: RunJournal | undefined;
  readonly memo: MemoStore | undefined;
  /** Events that an earlier session committed and the hooks have not seen. */
  readonly unseen: readonly NumberedEvent[];
}

/**
 * One session of a run: the imperative shell around the pure state. What comes in (results, timers, commands) becomes
 * events that the state folds; what the state then allows is started once those events are durable.
 */
export class LiveRun implements AttemptHost, HookHost, TurnWork<NodeAttempt> {
  readonly runId: string;
  readonly dagName: string;
  readonly cache: Cache;
  readonly appData: unknown;
  readonly logger: Logger;
  readonly maxOutputBytes: number | null;
  readonly state: RunState;
  readonly events: EventStream;
  /** Resolves with the report when the session ends; rejects only when storage fails or the run was taken over. */
  readonly done: Promise<RunReport>;

  readonly #options: LiveRunOptions;
  readonly #config: DagConfig;
  readonly #turns: Turns<NodeAttempt>;
  readonly #timers: Timers;
  readonly #attempts: Attempts;
  readonly #lookups: Lookups;
  readonly #conditions: Conditions = new Conditions();
  readonly #gate: HookGate;
  readonly #readers: Readers;
  readonly #depths: Depths = new Depths();
  readonly #commands: CommandLine;
  /** What the commit of this turn makes possible. */
  #starts: number[] = [];
  #handlers: number[] = [];
  #tidings: NumberedEvent[] = [];
  #resolveDone!: (report: RunReport) => void;
  #rejectDone!: (error: unknown) => void;
  #detachSignal: (() => void) | undefined;

  constructor(options: LiveRunOptions) {
    const { identity, state, cache, clock, journal } = options;
    this.runId = identity.runId;
    this.dagName = identity.dagName;
    this.cache = cache;
    this.appData = options.appData;
    this.logger = options.logger;
    this.maxOutputBytes = options.config.maxOutputBytes;
    this.state = state;
    this.#options = options;
    this.#config = options.config;
    this.#turns = new Turns(this, clock, journal, state.seq);
    this.#timers = new Timers(clock);
    this.#lookups = new Lookups(options.memo);
    this.#readers = new Readers(state);
    this.#attempts = new Attempts({
      host: this,
      state,
      cache,
      registry: options.registry,
      clock,
      timers: this.#timers,
      load: journal === undefined ? undefined : (n) => journal.outputsOf(n),
      timedOut: (attempt, seconds) => this.post(() => this.#timedOut(attempt, seconds)),
      called: (n) => this.post(() => this.#cancelNode(n)),
      stopped: () => this.#turns.over || this.#isStopping(),
    });
    const { runId, dagName, appData } = this;
    this.#gate = new HookGate(
      new HookLine(options.hooks, { runId, dagName, appData }),
      this,
      options.unseen,
    );
    this.#commands = new CommandLine(options.commandCapacity, runId);
    this.events = new EventStream(options.eventCapacity, () => this.#turns.ask());
    this.done = new Promise((resolve, reject) => {
      this.#resolveDone = resolve;
      this.#rejectDone = reject;
    });
    // Whoever awaits `done` hears of a rejection; a run that nobody awaits must not end the process.
    this.done.catch(() => {});
    cache.keepWhile((id) => this.#isNeeded(id));
  }

  get ended(): boolean {
    return this.#turns.over;
  }

  /** Begins the session with its first event. */
  start(first: RunEvent, signal: AbortSignal | undefined): void {
    this.#emit(first);
    this.#rearm();
    const { timeoutSeconds } = this.#config;
    this.#timers.at(this.state.sessionStartedAt + timeoutSeconds * 1000, () =>
      this.stop(
        'timed_out',
        new DaggerError('RUN_TIMEOUT', `the run took longer than ${timeoutSeconds} s`, this.#ids()),
      ),
    );
    if (signal !== undefined) this.#attach(signal);
    this.#turns.begin();
  }

  /** Ends the run: nothing new starts, running actions get their signal, and after the grace time they are given up. */
  stop(why: 'cancelled' | 'timed_out' | 'failed', error: DaggerError): void {
    this.post(() => {
      if (this.#isStopping()) return;
      const { now } = this.#turns;
      this.#emit({ type: 'RunStopping', at: now, why, error: toErrorData(error) });
      this.#timers.at(now + this.#config.gracePeriod * 1000, () => this.abandon());
      this.#turns.afterwards(() => this.#attempts.abortAll(error));
    });
  }

  /** Ends the grace time of a stop now: actions that still run are given up. */
  abandon(): void {
    this.post(() => {
      if (!this.#isStopping()) return;
      for (let n = 0; n < this.state.nodeCount; n++) {
        if (this.state.status[n] !== Status.RUNNING) continue;
        this.#attempts.giveUp(n);
        this.#cancelNode(n, '; did not end within the grace time');
      }
      for (const attempt of this.#attempts.handlers.values()) {
        this.#handlerFailed(
          attempt,
          toErrorData(new DaggerError('CANCELLED', 'the run ended before the handler')),
        );
      }
    });
  }

  /** Ends the session without ending the run: running actions get their signal, and nothing more is written. */
  letGo(error?: DaggerError): void {
    this.broken(
      error ??
        new DaggerError('RUN_LOST', `the executor of run '${this.runId}' was closed`, {
          ...this.#ids(),
          recoverable: true,
        }),
    );
  }

  /**
   * Sends a command from outside. Resolves once it is carried out and durable; when `commandCapacity` commands wait
   * already, it takes its place in line.
   * @throws DaggerError COMMAND_REJECTED
   */
  send(command: ExecutorCommand): Promise<void> {
    return this.#commands.send((acknowledge) =>
      this.post(() => {
        this.#commands.taken();
        try {
          this.#emit(this.#eventOf(command));
          this.#turns.afterwards(() => acknowledge());
        } catch (error) {
          acknowledge(error);
        }
      }),
    );
  }

  /** The report as things stand. */
  report(): RunReport {
    return new RunReport(
      { runId: this.runId, dag: this.dagName },
      this.state,
      this.cache,
      this.#options.clock.now(),
    );
  }

  // --- for attempts ------------------------------------------------------------------------------------------------

  nodeIdOf(n: number): string {
    return this.state.topology.idOf(n);
  }

  attemptEnded(attempt: NodeAttempt): void {
    this.#turns.post(attempt);
  }

  reportProgress(n: number, attempt: number, fraction: number, message: string | null): void {
    if (!this.events.watched || this.#turns.over) return;
    const { runId, dagName } = this;
    EventStream.emit(this.events, {
      type: 'NodeProgress',
      runId,
      dagName,
      at: this.#options.clock.now(),
      nodeId: this.nodeIdOf(n),
      attempt,
      fraction,
      message,
    });
  }

  // --- for the hooks -----------------------------------------------------------------------------------------------

  get committed(): number {
    return this.#turns.committed;
  }

  get seen(): number {
    return this.state.hooksSeen;
  }

  get awaited(): boolean {
    return this.state.awaiting.size > 0;
  }

  obey({ commands }: HookAnswer): void {
    for (const { command, by } of commands) {
      try {
        this.#emit(this.#eventOf(command));
      } catch (error) {
        this.#emit({
          type: 'CommandRejected',
          at: this.#turns.now,
          command: describeCommand(command),
          by,
          error: toErrorData(error, 'COMMAND_REJECTED'),
        });
      }
    }
  }

  markSeen(seq: number, parts?: number): void {
    this.#emit({
      type: 'HooksSeen',
      seq,
      ...(parts === undefined ? {} : { parts }),
      at: this.#turns.now,
    });
  }

  post(message: () => void): void {
    this.#turns.post(message);
  }

  hookFailed(error: DaggerError): void {
    this.stop('failed', error);
  }

  // --- a turn ------------------------------------------------------------------------------------------------------

  take(attempt: NodeAttempt): void {
    if (!this.#attempts.settle(attempt)) return;
    const error = NodeAttempt.errorOf(attempt);
    if (NodeAttempt.isHandler(attempt)) {
      if (error === undefined) this.#handlerSucceeded(attempt);
      else this.#handlerFailed(attempt, error);
    } else if (error === undefined) this.#succeeded(attempt);
    else this.#failed(NodeAttempt.numberOf(attempt), error, NodeAttempt.moreOf(attempt));
  }

  decide(): void {
    this.#gate.ask();
    this.#fill();
  }

  carryOut(): void {
    if (this.#tidings.length > 0) {
      const tidings = this.#tidings;
      this.#tidings = [];
      for (const told of tidings) {
        EventStream.emit(this.events, told.event);
        this.#gate.show(told);
      }
    }
    if (this.#starts.length > 0) {
      const starts = this.#starts;
      this.#starts = [];
      for (let i = 0; i < starts.length; i++) this.#attempts.begin(starts[i] as number);
    }
    while (this.#handlers.length > 0 && this.#used() < this.#options.slots)
      this.#attempts.beginHandler(this.#handlers.shift() as number);
    // Hooks look at what was just committed in a turn of its own.
    if (this.#gate.due) this.post(nothing);
  }

  quiet(): void {
    const { state } = this;
    if (
      this.#turns.pending ||
      state.count(Status.RUNNING) > 0 ||
      this.#lookups.underWay > 0 ||
      this.#attempts.handlers.size > 0 ||
      this.#commands.waiting > 0
    )
      return;
    const stopping = this.#isStopping();
    if (!stopping && (this.#handlers.length > 0 || this.#gate.busy)) return;
    if (state.halt === undefined) {
      if (state.count(Status.RETRYING) > 0) return;
      const next = state.takeReady();
      if (next !== -1) return state.returnReady(next);
    }
    if (
      !stopping &&
      this.#gate.askCompletion(state.outcome().status === 'succeeded', (answer) =>
        this.#extended(answer),
      )
    )
      return;
    this.#finish();
  }

  broken(error: unknown): void {
    if (this.#turns.over) return;
    this.#close(error);
    this.#attempts.abortAll(error);
    this.#rejectDone(error);
  }

  #emit(event: RunEvent): void {
    const { state } = this;
    state.apply(event);
    this.#turns.record(event);
    const consequences = state.consequences.length > 0;
    if (this.events.watched || (this.#gate.any && (consequences || this.#gate.wants(event.type)))) {
      for (const told of publicEvents(this, state, event)) this.#tidings.push(told);
    }
    if (consequences && event.type === 'BranchCancelled') this.#abortCancelled(event.reason);
  }

  // --- what came in ------------------------------------------------------------------------------------------------

  #succeeded(attempt: NodeAttempt): void {
    const n = NodeAttempt.numberOf(attempt);
    const outputs = NodeAttempt.outputsOf(attempt);
    const more = NodeAttempt.moreOf(attempt);
    const event: NodeCompletedEvent =
      more === undefined
        ? { type: 'NodeCompleted', n, at: this.#turns.now, outputs }
        : completedWith(n, this.#turns.now, outputs, more);
    if (event.writes !== undefined) {
      try {
        checkWrites(this.cache, event.writes);
      } catch (error) {
        return this.#failed(n, toErrorData(error), more);
      }
    }
    if (((this.state.topology.flags[n] as number) & NodeFlag.CACHED) !== 0)
      this.#remember(n, event.outputs);
    this.#complete(event);
  }

  #remember(n: number, outputs: JsonObject): void {
    const write = this.#lookups.writeOf(n, this.#definition(n).action, outputs, this.#turns.now);
    if (write === undefined) return;
    if (this.#options.journal === undefined) this.#lookups.keep(write);
    else this.#turns.remember(write);
  }

  #complete(event: NodeCompletedEvent): void {
    this.cache.setOutputs(this.nodeIdOf(event.n), event.outputs);
    if (event.writes !== undefined) applyWrites(this.cache, event.writes);
    this.#emit(event);
    if (event.tokens !== undefined) this.#checkTokens();
  }

  #failed(n: number, thrown: ErrorData, more: AttemptExtras | undefined): void {
    if (this.#isStopping()) return this.#cancelNode(n);
    const { state } = this;
    const at = this.#turns.now;
    const error = FINAL.has(thrown.code) ? { ...thrown, retryable: false } : thrown;
    const spent = spentBy(more);
    const delay = this.#delay(n, error, at);
    if (delay === undefined) {
      const metadata = more?.metadata;
      this.#emit({
        type: 'NodeFailed',
        n,
        at,
        error,
        ...spent,
        ...(metadata === undefined ? {} : { metadata }),
      });
      if (state.notes.get(n)?.handler?.status === 'pending') this.#handlers.push(n);
    } else {
      this.#emit({ type: 'NodeRetrying', n, at, error, delay, ...spent });
      this.#awaitRetry(n, at + delay);
    }
    if (spent.tokens !== undefined) this.#checkTokens();
  }

  /** Milliseconds until the next attempt, or undefined when there is none. */
  #delay(n: number, error: ErrorData, at: number): number | undefined {
    const { state } = this;
    const notes = state.notes.get(n);
    const firstStart = notes?.retries[notes.budgetFrom]?.startedAt ?? state.startedAt[n] ?? at;
    return nextDelay({
      failures: state.failedAttempts(n) + 1,
      tryCount: this.#definition(n).tryCount,
      policy: this.#options.registry.get(this.#definition(n).action)?.retry,
      config: this.#config,
      error,
      elapsed: at - firstStart,
      random: this.#options.ids.random(),
    });
  }

  #awaitRetry(n: number, due: number): void {
    if (due <= this.#turns.now) this.#emit({ type: 'RetryDue', n, at: this.#turns.now });
    else
      this.#timers.at(due, () =>
        this.post(() => this.#emit({ type: 'RetryDue', n, at: this.#turns.now })),
      );
  }

  #timedOut(attempt: NodeAttempt, seconds: number): void {
    if (!this.#attempts.settle(attempt)) return;
    const n = NodeAttempt.numberOf(attempt);
    const error = new DaggerError('NODE_TIMEOUT', `the attempt took longer than ${seconds} s`, {
      ids: { runId: this.runId, nodeId: this.nodeIdOf(n) },
    });
    this.#turns.afterwards(() => NodeAttempt.abort(attempt, error));
    if (NodeAttempt.isHandler(attempt)) this.#handlerFailed(attempt, toErrorData(error));
    else this.#failed(n, toErrorData(error), NodeAttempt.moreOf(attempt));
  }

  #handlerFailed(attempt: NodeAttempt, error: ErrorData): void {
    const n = NodeAttempt.numberOf(attempt);
    this.#attempts.handlers.delete(n);
    this.#emit({
      type: 'HandlerFailed',
      n,
      at: this.#turns.now,
      error,
      ...spentBy(NodeAttempt.moreOf(attempt)),
    });
    this.#checkTokens();
  }

  #handlerSucceeded(attempt: NodeAttempt): void {
    const n = NodeAttempt.numberOf(attempt);
    const outputs = NodeAttempt.outputsOf(attempt);
    this.#emit({
      type: 'HandlerCompleted',
      n,
      at: this.#turns.now,
      outputs,
      ...spentBy(NodeAttempt.moreOf(attempt)),
    });
    this.#checkTokens();
  }

  #cancelNode(n: number, remark = ''): void {
    if (this.state.status[n] !== Status.RUNNING) return;
    this.#emit({
      type: 'NodeCancelled',
      n,
      at: this.#turns.now,
      reason: `${this.state.halt?.status ?? 'stopped'}${remark}`,
    });
  }

  #checkTokens(): void {
    const { maxTokens } = this.#config;
    if (maxTokens === null || this.state.tokens <= maxTokens || this.state.halt !== undefined)
      return;
    this.#emit({
      type: 'LimitReached',
      at: this.#turns.now,
      limit: 'maxTokens',
      bound: maxTokens,
      used: this.state.tokens,
    });
  }

  #eventOf(command: ExecutorCommand): RunEvent {
    return commandEvent(command, {
      state: this.state,
      registry: this.#options.registry,
      now: this.#turns.now,
      limits: this.#config,
      depths: this.#depths,
    });
  }

  // --- what starts -------------------------------------------------------------------------------------------------

  /** Slots in use. A wait (for a retry, a person, a message) uses none. */
  #used(): number {
    return this.state.count(Status.RUNNING) + this.#lookups.underWay + this.#attempts.handlers.size;
  }

  /** Gives free slots to ready nodes, unless hooks or watchers are too far behind. */
  #fill(): void {
    const { state } = this;
    const { slots, eventCapacity } = this.#options;
    if (
      state.halt !== undefined ||
      !this.#gate.open ||
      this.#gate.backlog >= eventCapacity ||
      this.events.full
    )
      return;
    let free = slots - this.#used();
    while (free > 0) {
      const n = state.takeReady();
      if (n === -1) return;
      const flags = state.topology.flags[n] as number;
      if ((flags & (NodeFlag.CONDITION | NodeFlag.CACHED)) !== 0 && !this.#mayStart(n, flags)) {
        free = slots - this.#used();
        if (state.halt !== undefined) return;
        continue;
      }
      if (this.#outOfIterations(n)) return;
      this.#emit({ type: 'NodeStarted', n, at: this.#turns.now });
      this.#starts.push(n);
      free--;
    }
  }

  #outOfIterations(n: number): boolean {
    const { state } = this;
    if (state.topology.action[n] !== state.topology.supervisor || state.attempt[n] !== 0)
      return false;
    if (state.iterations < this.#config.maxIterations) return false;
    state.returnReady(n);
    this.#emit({
      type: 'LimitReached',
      at: this.#turns.now,
      limit: 'maxIterations',
      bound: this.#config.maxIterations,
      used: state.iterations + 1,
    });
    return true;
  }

  /** Asks the condition of a node, and the results of earlier runs; false when it does not start now. */
  #mayStart(n: number, flags: number): boolean {
    const { now } = this.#turns;
    try {
      if (
        (flags & NodeFlag.CONDITION) !== 0 &&
        !this.#conditions.holds(this.state, this.cache, n)
      ) {
        this.#emit({ type: 'NodeSkipped', n, at: now, reason: 'condition' });
        return false;
      }
    } catch (error) {
      this.#emit({ type: 'NodeStarted', n, at: now });
      this.#failed(n, { ...toErrorData(error, 'CONDITION_FAILED'), retryable: false }, undefined);
      return false;
    }
    if ((flags & NodeFlag.CACHED) === 0 || !this.#lookups.isDue(n)) return true;
    this.#lookUp(n);
    return false;
  }

  /** Looks for a result of an earlier run: the node completes with it, or takes its place among the ready ones again. */
  #lookUp(n: number): void {
    const { state, cache } = this;
    const journal = this.#options.journal;
    const subject = () => ({
      action: this.#attempts.actionOf(n).action,
      strategy: this.#definition(n).cacheStrategy as CacheStrategy,
      inputs: resolveInputs(state, cache, n, journal && ((from) => journal.outputsOf(from))),
      now: this.#turns.now,
    });
    this.#lookups.begin(n, subject, (found) =>
      this.post(() => {
        this.#lookups.underWay--;
        if (state.status[n] !== Status.READY) return;
        if (found === undefined) state.returnReady(n);
        else
          this.#complete({
            type: 'NodeCompleted',
            n,
            at: this.#turns.now,
            outputs: sealJson(found) as JsonObject,
            cached: true,
          });
      }),
    );
  }

  #definition(n: number): NodeDefinition {
    return this.state.topology.definitions[n] as NodeDefinition;
  }

  /** Whether the run may still read the values under a name of its cache, and could not get them back. */
  #isNeeded(id: string): boolean {
    if (this.#turns.over) return false;
    if (id === RUN_INPUTS) return true;
    const n = this.state.topology.numberOf(id);
    if (n === undefined) return false;
    const stored = this.#options.journal !== undefined;
    if (this.#readers.isRead(n, stored)) return true;
    if (stored) return false;
    // An action may read the outputs of its dependencies without an input of that name; those of the last nodes are
    // the results of the run.
    const dependents = this.state.topology.dependentsOf(n);
    return (
      dependents.length === 0 ||
      dependents.some((to) => !isSettled(this.state.status[to] as number))
    );
  }

  // --- the end -----------------------------------------------------------------------------------------------------

  /** Being stopped, in contrast to a halt that lets running nodes end in peace. */
  #isStopping(): boolean {
    const { halt } = this.state;
    return (
      halt !== undefined &&
      (halt.status === 'cancelled' ||
        halt.status === 'timed_out' ||
        (halt.status === 'failed' && this.#gate.failed))
    );
  }

  #abortCancelled(reason: string | null): void {
    for (const n of this.state.consequences) {
      const attempt = this.#attempts.giveUp(n);
      if (attempt === undefined) continue;
      this.#turns.afterwards(() =>
        NodeAttempt.abort(
          attempt,
          new DaggerError('CANCELLED', reason ?? 'the branch was cancelled'),
        ),
      );
    }
  }

  /** Carries out what the hooks want at the end; whether the run can go on for it. */
  #extended(answer: HookAnswer): boolean {
    const { state } = this;
    const { nodeCount } = state;
    const paused = state.paused.size;
    if (state.halt === undefined) this.obey(answer);
    return state.nodeCount > nodeCount || state.paused.size < paused;
  }

  #finish(): void {
    const { state } = this;
    this.#turns.now = this.#options.clock.now();
    if (
      state.halt !== undefined &&
      state.halt.status !== 'paused' &&
      state.count(Status.RETRYING) > 0
    )
      this.#cancelRetries(state.halt.status);
    const { status, error } = state.outcome();
    this.#emit({
      type: 'RunFinished',
      at: this.#turns.now,
      status,
      ...(error === undefined ? {} : { error }),
    });
    this.#turns.finish(() => {
      this.#close();
      this.#resolveDone(this.report());
    });
  }

  #cancelRetries(reason: string): void {
    for (let n = 0; n < this.state.nodeCount; n++) {
      if (this.state.status[n] === Status.RETRYING)
        this.#emit({ type: 'NodeCancelled', n, at: this.#turns.now, reason });
    }
  }

  /** @param error what broke the session off, if anything did */
  #close(error?: unknown): void {
    this.#turns.end();
    this.#timers.stop();
    this.#detachSignal?.();
    this.#options.journal?.close();
    this.#commands.close();
    EventStream.end(this.events, error);
  }

  /** Takes up what an earlier session left: waits of retries, handlers that have not ended. */
  #rearm(): void {
    for (const [n, notes] of this.state.notes) {
      if (this.state.status[n] === Status.RETRYING) {
        const last = notes.retries.at(-1);
        this.#awaitRetry(n, (last?.at ?? 0) + (last?.delay ?? 0));
      }
      if (notes.handler?.status === 'pending') this.#handlers.push(n);
    }
  }

  #attach(signal: AbortSignal): void {
    const abort = (): void => {
      const reason: unknown = signal.reason;
      const why =
        reason instanceof Error && reason.name !== 'AbortError'
          ? `cancelled: ${reason.message}`
          : 'cancelled';
      this.stop('cancelled', new DaggerError('CANCELLED', why, { ...this.#ids(), cause: reason }));
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    this.#detachSignal = () => signal.removeEventListener('abort', abort);
  }

  #ids(): { readonly ids: { readonly runId: string } } {
    return { ids: { runId: this.runId } };
  }
}

type AttemptExtras = NonNullable<ReturnType<typeof NodeAttempt.moreOf>>;

const spentBy = (more: AttemptExtras | undefined): { readonly tokens?: number } =>
  more === undefined || more.tokens === 0 ? {} : { tokens: more.tokens };

/** Wakes the loop for another turn. */
const nothing = (): void => {};

/** The completion of an attempt that used more of its context than most do. */
const completedWith = (
  n: number,
  at: number,
  returned: JsonObject,
  more: AttemptExtras,
): NodeCompletedEvent => {
  const written = more.view === undefined ? undefined : CacheView.writesOf(more.view);
  return {
    type: 'NodeCompleted',
    n,
    at,
    outputs:
      written?.own === undefined
        ? returned
        : Object.freeze({ ...Object.fromEntries(written.own), ...returned }),
    ...(more.metadata === undefined ? {} : { metadata: more.metadata }),
    ...spentBy(more),
    ...(written?.global === undefined ? {} : { writes: written.global }),
  };
};
