import type { ActionChecks, AnyAction } from '../actions/action.ts';
import type { Logger } from '../actions/logger.ts';
import type { ActionRegistry } from '../actions/registry.ts';
import type { Cache } from '../cache/cache.ts';
import { applyWrites, CacheView, type GlobalWrite } from '../cache/view.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { DagConfig } from '../config/model.ts';
import { DaggerError, toErrorData, type ErrorCode, type ErrorData } from '../errors.ts';
import type { CacheStrategy, NodeDefinition } from '../graph/model.ts';
import { NodeFlag } from '../graph/topology.ts';
import type { EventHook } from '../hooks/hook.ts';
import type { Ids } from '../ids.ts';
import { sealJson, type JsonObject, type JsonValue } from '../json.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { NodeCompletedEvent, RunEvent } from '../run/events.ts';
import { publicEvents, type ExecutionEvent, type RunIdentity } from '../run/public-events.ts';
import { RunReport } from '../run/report.ts';
import { nextDelay } from '../run/retry.ts';
import type { RunState } from '../run/state.ts';
import { Status } from '../run/status.ts';
import { VOLATILE, type MemoStore, type MemoWrite, type RunJournal } from '../storage/journal.ts';
import { NodeAttempt, type AttemptHost } from './attempt.ts';
import { commandEvent } from './carry-out.ts';
import { Conditions } from './condition.ts';
import { EventStream } from './event-stream.ts';
import { HookLine, type HookAnswer } from './hook-line.ts';
import { resolveInputs } from './inputs.ts';
import { memoKey, memoNotBefore } from './memo.ts';
import { Timers } from './timers.ts';

const SUPERVISOR = 'supervisor_step';
/** Milliseconds that a run may work without letting timers and I/O have their turn. */
const LONGEST_STRETCH = 12;

export interface LiveRunOptions {
  readonly identity: RunIdentity;
  readonly state: RunState;
  readonly cache: Cache;
  readonly config: DagConfig;
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
  readonly unseen: readonly ExecutionEvent[];
}

interface SentCommand {
  readonly command: ExecutorCommand;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A finished attempt, or something to do at the next turn. */
type Message = NodeAttempt | (() => void);

const TYPED_FAILURES: ReadonlySet<string> = new Set<ErrorCode>([
  'INPUT_MISSING',
  'INPUT_INVALID',
  'ACTION_UNKNOWN',
  'NOT_JSON',
  'ACTION_INVALID',
]);

/**
 * One session of a run: the imperative shell around the pure state. It works in turns. A turn takes what came in
 * (results, timers, commands), folds the events that follow, and decides what starts; with a journal the events of a
 * turn are committed as a group, and only then is anything started or anybody told.
 */
export class LiveRun implements AttemptHost {
  readonly runId: string;
  readonly dagName: string;
  readonly cache: Cache;
  readonly appData: unknown;
  readonly logger: Logger;
  readonly events: EventStream;
  /** Resolves with the report when the session ends; rejects only when storage fails or the run was taken over. */
  readonly done: Promise<RunReport>;

  readonly #options: LiveRunOptions;
  readonly #state: RunState;
  readonly #config: DagConfig;
  readonly #clock: Clock;
  readonly #journal: RunJournal | undefined;
  readonly #timers: Timers;
  readonly #conditions: Conditions = new Conditions();
  readonly #hooks: HookLine;
  readonly #slots: number;
  readonly #actions: { readonly action: AnyAction; readonly checks: ActionChecks }[] = [];
  readonly #attempts: (NodeAttempt | undefined)[] = [];
  readonly #handlers: Map<number, NodeAttempt> = new Map();

  #inbox: Message[] = [];
  #busy = false;
  #turnAsked = false;
  #over = false;
  #stretchStart = 0;
  #messages = 0;
  /** Events of this turn, and what becomes possible once they are committed. */
  #batch: RunEvent[] = [];
  #memos: MemoWrite[] = [];
  #starts: number[] = [];
  #tidings: ExecutionEvent[] = [];
  #acknowledgements: (() => void)[] = [];
  /** Events that wait for the hooks; the last committed sequence number; whether hooks are at work or have failed. */
  readonly #hookQueue: ExecutionEvent[];
  #committedSeq = 0;
  #askingHooks = false;
  #hooksFailed = false;
  #completionAsked = false;
  readonly #handlerQueue: number[] = [];
  #resolving = 0;
  /** Nodes whose results are reusable: the key once it is known, and whether the store was asked in vain. */
  readonly #memoKeys: Map<number, string> = new Map();
  readonly #senders: (() => void)[] = [];
  readonly #sent: Set<SentCommand> = new Set();
  #commandsWaiting = 0;
  #idsMade = 0;
  #graceTimer: CancelTimer | undefined;
  #resolveDone!: (report: RunReport) => void;
  #rejectDone!: (error: unknown) => void;
  #detachSignal: (() => void) | undefined;

  constructor(options: LiveRunOptions) {
    this.#options = options;
    this.runId = options.identity.runId;
    this.dagName = options.identity.dagName;
    this.cache = options.cache;
    this.appData = options.appData;
    this.logger = options.logger;
    this.#state = options.state;
    this.#config = options.config;
    this.#clock = options.clock;
    this.#journal = options.journal;
    this.#timers = new Timers(options.clock);
    this.#hooks = new HookLine(options.hooks, {
      runId: this.runId,
      dagName: this.dagName,
      appData: options.appData,
    });
    this.#hookQueue = [...options.unseen];
    this.#slots = options.config.enableParallelExecution ? options.config.maxParallelNodes : 1;
    this.#committedSeq = options.state.seq;
    this.events = new EventStream(options.eventCapacity, () => this.#askTurn());
    this.done = new Promise((resolve, reject) => {
      this.#resolveDone = resolve;
      this.#rejectDone = reject;
    });
    // Whoever awaits `done` hears of a rejection; a run that nobody awaits must not end the process.
    this.done.catch(() => {});
    this.cache.keepWhile((id) => this.#isNeeded(id));
  }

  get state(): RunState {
    return this.#state;
  }

  get ended(): boolean {
    return this.#over;
  }

  /** Begins the session with its first event. */
  start(first: RunEvent, signal: AbortSignal | undefined): void {
    this.#stretchStart = this.#clock.now();
    this.#emit(first);
    this.#committedSeq = this.#journal === undefined ? this.#state.seq : this.#committedSeq;
    this.#rearm();
    this.#timers.at(this.#state.sessionStartedAt + this.#config.timeoutSeconds * 1000, () =>
      this.stop(
        'timed_out',
        new DaggerError(
          'RUN_TIMEOUT',
          `the run took longer than ${this.#config.timeoutSeconds} s`,
          { ids: { runId: this.runId } },
        ),
      ),
    );
    if (signal !== undefined) this.#attachSignal(signal);
    this.#turn();
  }

  /** Ends the run: nothing new starts, running actions get their signal, and after the grace time they are abandoned. */
  stop(why: 'cancelled' | 'timed_out' | 'failed', error: DaggerError): void {
    this.#post(() => {
      if (this.#isStopping()) return;
      this.#emit({ type: 'RunStopping', at: this.#clock.now(), why, error: toErrorData(error) });
      this.#graceTimer = this.#timers.at(this.#clock.now() + this.#config.gracePeriod * 1000, () =>
        this.abandon(),
      );
      this.#whenCommitted(() => {
        for (const attempt of [...this.#attempts, ...this.#handlers.values()])
          if (attempt !== undefined) NodeAttempt.abort(attempt, error);
      });
    });
  }

  /** Ends the grace time of a stop now: actions that still run are abandoned. */
  abandon(): void {
    this.#post(() => {
      if (!this.#isStopping()) return;
      const at = this.#clock.now();
      for (let n = 0; n < this.#state.nodeCount; n++) {
        if (this.#state.status[n] !== Status.RUNNING) continue;
        this.#attempts[n] = undefined;
        this.#emit({
          type: 'NodeCancelled',
          n,
          at,
          reason: `${this.#state.halt?.status ?? 'stopped'}; did not end within the grace time`,
        });
      }
      for (const n of this.#handlers.keys())
        this.#emit({
          type: 'HandlerFailed',
          n,
          at,
          error: toErrorData(new DaggerError('CANCELLED', 'the run ended before the handler')),
        });
      this.#handlers.clear();
    });
  }

  /**
   * Sends a command from outside. Resolves once it is carried out and durable; when `commandCapacity` commands wait
   * already, it takes its place in line.
   * @throws DaggerError COMMAND_REJECTED
   */
  async send(command: ExecutorCommand): Promise<void> {
    while (this.#commandsWaiting >= this.#options.commandCapacity)
      await new Promise<void>((resolve) => this.#senders.push(resolve));
    if (this.#over)
      throw new DaggerError('COMMAND_REJECTED', `run '${this.runId}' has ended`, {
        ids: { runId: this.runId },
      });
    this.#commandsWaiting++;
    return new Promise<void>((resolve, reject) => {
      const sent: SentCommand = { command, resolve, reject };
      this.#sent.add(sent);
      this.#post(() => this.#receive(sent));
    });
  }

  /** Ends the session without ending the run: running actions get their signal, and nothing more is written. */
  letGo(error?: DaggerError): void {
    this.#crash(
      error ??
        new DaggerError('RUN_LOST', `the executor of run '${this.runId}' was closed`, {
          ids: { runId: this.runId },
          recoverable: true,
        }),
    );
  }

  nodeIdOf(n: number): string {
    return this.#state.topology.idOf(n);
  }

  attemptEnded(attempt: NodeAttempt): void {
    this.#inbox.push(attempt);
    this.#askTurn();
  }

  reportProgress(n: number, attempt: number, fraction: number, message: string | null): void {
    const event: ExecutionEvent = {
      type: 'NodeProgress',
      runId: this.runId,
      dagName: this.dagName,
      at: this.#clock.now(),
      nodeId: this.nodeIdOf(n),
      attempt,
      fraction,
      message,
    };
    EventStream.emit(this.events, event);
  }

  // --- turns ---------------------------------------------------------------------------------------------------

  #post(message: () => void): void {
    this.#inbox.push(message);
    this.#askTurn();
  }

  /** Without a journal a turn begins at once; with one, what arrives in this turn of the event loop is gathered first. */
  #askTurn(): void {
    if (this.#busy || this.#turnAsked || this.#over) return;
    if (this.#journal === undefined) return this.#turn();
    this.#turnAsked = true;
    setImmediate(() => {
      this.#turnAsked = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#busy || this.#over) return;
    this.#busy = true;
    try {
      do {
        this.#drain();
        this.#askHooks();
        this.#fill();
        if (this.#journal !== undefined) {
          if (this.#batch.length > 0 || this.#acknowledgements.length > 0)
            return this.#commit(this.#journal);
        } else {
          this.#afterCommit();
          if (this.#needsBreath()) return;
        }
      } while (this.#inbox.length > 0);
      this.#busy = false;
      this.#endIfDone();
    } catch (error) {
      this.#crash(error);
    }
  }

  /** Lets timers and I/O have their turn when a stretch of work without a pause grows long. */
  #needsBreath(): boolean {
    if ((++this.#messages & 255) !== 0) return false;
    if (this.#clock.now() - this.#stretchStart < LONGEST_STRETCH) return false;
    setImmediate(() => {
      this.#stretchStart = this.#clock.now();
      this.#busy = false;
      this.#turn();
    });
    return true;
  }

  #drain(): void {
    while (this.#inbox.length > 0) {
      const messages = this.#inbox;
      this.#inbox = [];
      for (let i = 0; i < messages.length; i++) {
        const message = messages[i] as Message;
        if (typeof message === 'function') message();
        else this.#ended(message);
      }
    }
  }

  #emit(event: RunEvent): void {
    this.#state.apply(event);
    if (this.#journal !== undefined && !VOLATILE.has(event.type)) this.#batch.push(event);
    if (
      this.events.watched ||
      (this.#hooks.length > 0 &&
        (this.#hooks.wants(event.type) || this.#state.consequences.length > 0))
    ) {
      for (const told of publicEvents(this, this.#state, event)) this.#tidings.push(told);
    }
    if (this.#state.consequences.length > 0 && event.type === 'BranchCancelled')
      this.#abortCancelled(event.reason);
  }

  #commit(journal: RunJournal): void {
    const seq = this.#state.seq;
    const batch = this.#batch;
    const memos = this.#memos;
    this.#batch = [];
    this.#memos = [];
    journal.append(batch, memos).then(
      () => {
        this.#committedSeq = seq;
        try {
          this.#afterCommit();
        } catch (error) {
          return this.#crash(error);
        }
        this.#busy = false;
        if (this.#inbox.length > 0 || this.#hooksAreDue()) this.#askTurn();
        else this.#endIfDone();
      },
      (error: unknown) => this.#crash(error),
    );
  }

  /** The effects of what is now durable. */
  #afterCommit(): void {
    if (this.#journal === undefined) this.#committedSeq = this.#state.seq;
    if (this.#tidings.length > 0) {
      const tidings = this.#tidings;
      this.#tidings = [];
      for (const event of tidings) {
        EventStream.emit(this.events, event);
        if (this.#hooks.wants(event.type) && !this.#hooksFailed) this.#hookQueue.push(event);
      }
    }
    if (this.#acknowledgements.length > 0) {
      const acknowledgements = this.#acknowledgements;
      this.#acknowledgements = [];
      for (const acknowledge of acknowledgements) acknowledge();
    }
    if (this.#starts.length > 0) {
      const starts = this.#starts;
      this.#starts = [];
      for (const n of starts) this.#begin(n);
    }
    while (this.#handlerQueue.length > 0 && this.#running() < this.#slots)
      this.#beginHandler(this.#handlerQueue.shift() as number);
    // Without a journal, hooks may see what just happened in this very turn.
    if (this.#journal === undefined && this.#hooksAreDue()) this.#inbox.push(noMessage);
  }

  /** Whether committed events wait for hooks that are free to look at them. */
  #hooksAreDue(): boolean {
    if (this.#hooks.length === 0 || this.#hooksFailed || this.#askingHooks) return false;
    return (
      this.#hookQueue.length > 0 || this.#state.awaiting.size > 0 || this.#state.hooksSeen === 0
    );
  }

  #whenCommitted(effect: () => void): void {
    this.#acknowledgements.push(effect);
  }

  // --- what came in --------------------------------------------------------------------------------------------

  #ended(attempt: NodeAttempt): void {
    const { n, handler } = NodeAttempt.resultOf(attempt);
    if (handler) return this.#handlerEnded(n, attempt);
    // An abandoned attempt has no place here any more: its late result is dropped.
    if (this.#attempts[n] !== attempt) return;
    this.#attempts[n] = undefined;
    NodeAttempt.untimed(attempt);
    const error = NodeAttempt.errorOf(attempt);
    if (error === undefined) this.#completed(n, attempt);
    else
      this.#failed(
        n,
        TYPED_FAILURES.has(error.code) ? { ...error, retryable: false } : error,
        NodeAttempt.resultOf(attempt).tokens,
      );
  }

  #completed(n: number, attempt: NodeAttempt): void {
    const { outputs: returned, metadata, tokens, view } = NodeAttempt.resultOf(attempt);
    let outputs = returned;
    let writes: readonly GlobalWrite[] | undefined;
    if (view !== undefined) {
      const written = CacheView.writesOf(view);
      if (written.own !== undefined)
        outputs = Object.freeze({ ...Object.fromEntries(written.own), ...returned });
      writes = written.global;
    }
    const at = this.#clock.now();
    const key = this.#memoKeys.get(n);
    if (key !== undefined) this.#remember({ key, action: this.#definition(n).action, outputs, at });
    this.#complete(
      metadata === undefined && tokens === 0 && writes === undefined
        ? { type: 'NodeCompleted', n, at, outputs }
        : {
            type: 'NodeCompleted',
            n,
            at,
            outputs,
            ...(metadata === undefined ? {} : { metadata }),
            ...(tokens === 0 ? {} : { tokens }),
            ...(writes === undefined ? {} : { writes }),
          },
    );
  }

  #complete(event: NodeCompletedEvent): void {
    this.cache.setOutputs(this.nodeIdOf(event.n), event.outputs);
    if (event.writes !== undefined) applyWrites(this.cache, event.writes);
    this.#emit(event);
    this.#checkTokens();
  }

  #failed(n: number, error: ErrorData, tokens: number): void {
    const at = this.#clock.now();
    if (this.#isStopping())
      return this.#emit({
        type: 'NodeCancelled',
        n,
        at,
        reason: this.#state.halt?.status ?? 'stopped',
      });
    const { action } = this.#actionOf(n);
    const notes = this.#state.notes.get(n);
    const firstStart =
      notes?.retries[notes.budgetFrom]?.startedAt ?? (this.#state.startedAt[n] as number);
    const delay = nextDelay({
      failures: this.#state.failedAttempts(n) + 1,
      tryCount: this.#definition(n).tryCount,
      policy: action?.retry,
      config: this.#config,
      error,
      elapsed: at - firstStart,
      random: this.#options.ids.random(),
    });
    const spent = tokens === 0 ? {} : { tokens };
    if (delay === undefined) {
      this.#emit({ type: 'NodeFailed', n, at, error, ...spent });
      if (this.#state.notes.get(n)?.handler?.status === 'pending') this.#handlerQueue.push(n);
    } else {
      this.#emit({ type: 'NodeRetrying', n, at, error, delay, ...spent });
      this.#awaitRetry(n, at + delay);
    }
    this.#checkTokens();
  }

  #awaitRetry(n: number, due: number): void {
    if (due <= this.#clock.now()) this.#emit({ type: 'RetryDue', n, at: this.#clock.now() });
    else
      this.#timers.at(due, () =>
        this.#post(() => this.#emit({ type: 'RetryDue', n, at: this.#clock.now() })),
      );
  }

  #checkTokens(): void {
    const { maxTokens } = this.#config;
    if (maxTokens !== null && this.#state.tokens > maxTokens && this.#state.halt === undefined) {
      this.#emit({
        type: 'LimitReached',
        at: this.#clock.now(),
        limit: 'maxTokens',
        bound: maxTokens,
        used: this.#state.tokens,
      });
    }
  }

  #timedOut(n: number, attempt: NodeAttempt, seconds: number): void {
    if (this.#attempts[n] !== attempt) return;
    this.#attempts[n] = undefined;
    const error = new DaggerError('NODE_TIMEOUT', `the attempt took longer than ${seconds} s`, {
      ids: { runId: this.runId, nodeId: this.nodeIdOf(n) },
    });
    this.#whenCommitted(() => NodeAttempt.abort(attempt, error));
    this.#failed(n, toErrorData(error), NodeAttempt.resultOf(attempt).tokens);
  }

  #handlerEnded(n: number, attempt: NodeAttempt): void {
    if (this.#handlers.get(n) !== attempt) return;
    this.#handlers.delete(n);
    const error = NodeAttempt.errorOf(attempt);
    const at = this.#clock.now();
    if (error === undefined)
      this.#emit({
        type: 'HandlerCompleted',
        n,
        at,
        outputs: NodeAttempt.resultOf(attempt).outputs,
      });
    else this.#emit({ type: 'HandlerFailed', n, at, error });
  }

  #receive(sent: SentCommand): void {
    this.#commandsWaiting--;
    this.#senders.shift()?.();
    try {
      this.#emit(this.#eventOf(sent.command));
      this.#whenCommitted(() => {
        this.#sent.delete(sent);
        sent.resolve();
      });
    } catch (error) {
      this.#sent.delete(sent);
      sent.reject(error);
    }
  }

  #eventOf(command: ExecutorCommand): RunEvent {
    return commandEvent(command, {
      state: this.#state,
      registry: this.#options.registry,
      now: this.#clock.now(),
      nextId: (action) => this.#freshId(action),
    });
  }

  #freshId(action: string): string {
    for (;;) {
      const id = `${action.replaceAll(/[^\w-]/g, '_').slice(0, 200) || 'node'}_${++this.#idsMade}`;
      if (this.#state.topology.numberOf(id) === undefined) return id;
    }
  }

  // --- hooks ---------------------------------------------------------------------------------------------------

  /** Lets the hooks see what is committed, as far as they answer at once; goes on by itself when they do not. */
  #askHooks(): void {
    if (this.#hooks.length === 0 || this.#askingHooks || this.#hooksFailed) return;
    try {
      if (this.#state.hooksSeen === 0 && this.#committedSeq > 0) {
        const answer = this.#hooks.ask({ kind: 'start' });
        if (answer instanceof Promise) return this.#awaitHooks(answer, 1);
        this.#obey(answer);
        this.#emit({ type: 'HooksSeen', seq: 1, at: this.#clock.now() });
      }
      for (let i = 0; i < this.#hookQueue.length; i++) {
        const answer = this.#hooks.ask({
          kind: 'event',
          event: this.#hookQueue[i] as ExecutionEvent,
        });
        if (answer instanceof Promise) {
          this.#hookQueue.splice(0, i + 1);
          return this.#awaitHooks(answer, undefined);
        }
        this.#obey(answer);
      }
      this.#hookQueue.length = 0;
      this.#markSeen();
    } catch (error) {
      this.#hookFailed(error);
    }
  }

  /** Everything committed was seen: dependents of settled nodes may start. */
  #markSeen(): void {
    if (this.#state.awaiting.size > 0 && this.#state.hooksSeen < this.#committedSeq)
      this.#emit({ type: 'HooksSeen', seq: this.#committedSeq, at: this.#clock.now() });
  }

  #awaitHooks(answer: Promise<HookAnswer>, seen: number | undefined): void {
    this.#askingHooks = true;
    answer.then(
      (given) =>
        this.#post(() => {
          this.#askingHooks = false;
          this.#obey(given);
          if (seen !== undefined)
            this.#emit({ type: 'HooksSeen', seq: seen, at: this.#clock.now() });
          else if (this.#hookQueue.length === 0) this.#markSeen();
        }),
      (error: unknown) =>
        this.#post(() => {
          this.#askingHooks = false;
          this.#hookFailed(error);
        }),
    );
  }

  #obey({ commands }: HookAnswer): void {
    for (const { command, by } of commands) {
      try {
        this.#emit(this.#eventOf(command));
      } catch (error) {
        this.#emit({
          type: 'CommandRejected',
          at: this.#clock.now(),
          command: describeCommand(command),
          by,
          error: toErrorData(error, 'COMMAND_REJECTED'),
        });
      }
    }
  }

  #hookFailed(error: unknown): void {
    this.#hooksFailed = true;
    this.#hookQueue.length = 0;
    this.stop(
      'failed',
      error instanceof DaggerError
        ? error
        : new DaggerError('HOOK_FAILED', 'a hook failed', { cause: error }),
    );
  }

  // --- what starts ---------------------------------------------------------------------------------------------

  #running(): number {
    return this.#state.count(Status.RUNNING) + this.#resolving + this.#handlers.size;
  }

  /** Gives free slots to ready nodes, unless hooks or watchers are too far behind. */
  #fill(): void {
    if (this.#hooks.length > 0) {
      if (
        (this.#state.hooksSeen === 0 && !this.#hooksFailed) ||
        this.#hookQueue.length >= this.#options.eventCapacity
      )
        return;
    }
    if (this.events.full) return;
    while (this.#state.halt === undefined && this.#running() < this.#slots) {
      const n = this.#state.takeReady();
      if (n === -1) return;
      const flags = this.#state.topology.flags[n] as number;
      if ((flags & (NodeFlag.CONDITION | NodeFlag.CACHED)) !== 0 && !this.#mayStart(n, flags))
        continue;
      if (this.#outOfIterations(n)) return;
      this.#emit({ type: 'NodeStarted', n, at: this.#clock.now() });
      this.#starts.push(n);
      if (this.#journal === undefined && this.#starts.length >= 64)
        return void this.#inbox.push(noMessage);
    }
  }

  #outOfIterations(n: number): boolean {
    if (
      this.#definition(n).action !== SUPERVISOR ||
      this.#state.iterations < this.#config.maxIterations
    )
      return false;
    this.#state.returnReady(n);
    this.#emit({
      type: 'LimitReached',
      at: this.#clock.now(),
      limit: 'maxIterations',
      bound: this.#config.maxIterations,
      used: this.#state.iterations + 1,
    });
    return true;
  }

  /** Asks the condition, and the results of earlier runs; false when the node does not start now. */
  #mayStart(n: number, flags: number): boolean {
    try {
      if (
        (flags & NodeFlag.CONDITION) !== 0 &&
        !this.#conditions.holds(this.#state, this.cache, n)
      ) {
        this.#emit({ type: 'NodeSkipped', n, at: this.#clock.now(), reason: 'condition' });
        return false;
      }
    } catch (error) {
      this.#emit({ type: 'NodeStarted', n, at: this.#clock.now() });
      this.#failed(n, { ...toErrorData(error, 'CONDITION_FAILED'), retryable: false }, 0);
      return false;
    }
    if (
      (flags & NodeFlag.CACHED) === 0 ||
      this.#options.memo === undefined ||
      this.#memoKeys.has(n)
    )
      return true;
    void this.#lookUp(n, this.#options.memo);
    return false;
  }

  /** Looks for a result of an earlier run; the node completes with it, or is put back to start. */
  async #lookUp(n: number, memo: MemoStore): Promise<void> {
    this.#resolving++;
    let found: JsonObject | undefined;
    try {
      const { action } = this.#actionOf(n);
      const strategy = this.#definition(n).cacheStrategy as CacheStrategy;
      const key = memoKey(
        action,
        strategy,
        await resolveInputs(this.#state, this.cache, n, this.#loader()),
      );
      this.#memoKeys.set(n, key);
      found = await memo.get(key, memoNotBefore(strategy, this.#clock.now()));
    } catch {
      // The attempt itself runs into the same error, and reports it.
      this.#memoKeys.set(n, '');
    }
    this.#post(() => {
      this.#resolving--;
      if (this.#state.status[n] !== Status.READY) return;
      if (found === undefined) this.#state.returnReady(n);
      else
        this.#complete({
          type: 'NodeCompleted',
          n,
          at: this.#clock.now(),
          outputs: sealJson(found) as JsonObject,
          cached: true,
        });
    });
  }

  #remember(write: MemoWrite): void {
    if (write.key === '') return;
    if (this.#journal === undefined) this.#options.memo?.put?.(write);
    else this.#memos.push(write);
  }

  #begin(n: number): void {
    // A stop or the cancellation of the branch may have come between the decision and its commit.
    if (this.#state.status[n] !== Status.RUNNING) return;
    if (this.#isStopping()) return this.#post(() => this.#cancelUnstarted(n));
    const definition = this.#definition(n);
    let inputs: JsonObject | Promise<JsonObject>;
    try {
      inputs = resolveInputs(this.#state, this.cache, n, this.#loader());
    } catch (error) {
      return this.#refuse(n, error);
    }
    if (inputs instanceof Promise) {
      // The node runs already as far as the state knows; a stop meanwhile is met when the inputs are there.
      inputs.then(
        (resolved) => this.#checkInputs(n, definition, resolved),
        (error: unknown) => this.#refuse(n, error),
      );
    } else this.#checkInputs(n, definition, inputs);
  }

  #checkInputs(n: number, definition: NodeDefinition, inputs: JsonObject): void {
    let found: { readonly action: AnyAction; readonly checks: ActionChecks };
    try {
      found = this.#actionOf(n);
    } catch (error) {
      return this.#refuse(n, error);
    }
    if (found.checks.input === undefined) return this.#launch(n, definition, inputs, found);
    const accept = (result: {
      readonly value?: unknown;
      readonly issues?: readonly string[] | undefined;
    }): void => {
      if (result.issues !== undefined)
        this.#refuse(
          n,
          new DaggerError(
            'INPUT_INVALID',
            `the inputs do not fit the schema of action '${definition.action}': ${result.issues.join('; ')}`,
          ),
        );
      else this.#launch(n, definition, result.value as JsonObject, found);
    };
    try {
      const result = found.checks.input(inputs);
      if (result instanceof Promise)
        result.then(accept, (error: unknown) => this.#refuse(n, error));
      else accept(result);
    } catch (error) {
      this.#refuse(n, error);
    }
  }

  #launch(
    n: number,
    definition: NodeDefinition,
    inputs: JsonObject,
    { action, checks }: { readonly action: AnyAction; readonly checks: ActionChecks },
  ): void {
    if (this.#state.status[n] !== Status.RUNNING || this.#over) return;
    if (this.#isStopping()) return this.#post(() => this.#cancelUnstarted(n));
    const attempt = new NodeAttempt(this, n, this.#state.attempt[n] as number, inputs, false);
    this.#attempts[n] = attempt;
    const seconds = definition.timeout ?? action.timeout;
    if (seconds !== undefined) {
      NodeAttempt.timed(
        attempt,
        this.#timers.at(this.#clock.now() + seconds * 1000, () =>
          this.#post(() => this.#timedOut(n, attempt, seconds)),
        ),
      );
    }
    NodeAttempt.run(attempt, action, checks);
  }

  #cancelUnstarted(n: number): void {
    if (this.#state.status[n] === Status.RUNNING && this.#attempts[n] === undefined)
      this.#emit({
        type: 'NodeCancelled',
        n,
        at: this.#clock.now(),
        reason: this.#state.halt?.status ?? 'stopped',
      });
  }

  /** Ends an attempt before its action began. */
  #refuse(n: number, error: unknown): void {
    if (this.#over || this.#state.status[n] !== Status.RUNNING) return;
    const attempt = new NodeAttempt(this, n, this.#state.attempt[n] as number, {}, false);
    this.#attempts[n] = attempt;
    NodeAttempt.refuse(attempt, error, 'INPUT_INVALID');
  }

  #beginHandler(n: number): void {
    const definition = this.#definition(n);
    const notes = this.#state.notes.get(n);
    const error = notes?.error;
    let inputs: JsonValue = null;
    try {
      const resolved = resolveInputs(this.#state, this.cache, n, undefined);
      if (!(resolved instanceof Promise)) inputs = resolved;
    } catch {
      // The node failed for want of its inputs; the handler sees null.
    }
    const told = {
      nodeId: definition.id,
      error: { code: error?.code ?? '', name: error?.name ?? '', message: error?.message ?? '' },
      attempts: this.#state.attempt[n] as number,
      inputs,
    };
    const attempt = new NodeAttempt(this, n, 1, Object.freeze(told), true);
    this.#handlers.set(n, attempt);
    try {
      const { action, checks } = this.#options.registry.resolve(definition.failure as string);
      if (action.timeout !== undefined)
        NodeAttempt.timed(
          attempt,
          this.#timers.at(this.#clock.now() + action.timeout * 1000, () =>
            this.#post(() => this.#handlerTimedOut(n, attempt)),
          ),
        );
      NodeAttempt.run(attempt, action, checks);
    } catch (thrown) {
      NodeAttempt.refuse(attempt, thrown, 'ACTION_UNKNOWN');
    }
  }

  #handlerTimedOut(n: number, attempt: NodeAttempt): void {
    if (this.#handlers.get(n) !== attempt) return;
    const error = new DaggerError('NODE_TIMEOUT', 'the failure handler took too long');
    NodeAttempt.abort(attempt, error);
    this.#handlers.delete(n);
    this.#emit({ type: 'HandlerFailed', n, at: this.#clock.now(), error: toErrorData(error) });
  }

  #actionOf(n: number): { readonly action: AnyAction; readonly checks: ActionChecks } {
    const number = this.#state.topology.action[n] as number;
    let found = this.#actions[number];
    if (found === undefined) {
      found = this.#options.registry.resolve(this.#state.topology.actionNames[number] as string);
      this.#actions[number] = found;
    }
    return found;
  }

  #definition(n: number): NodeDefinition {
    return this.#state.topology.definitions[n] as NodeDefinition;
  }

  #loader(): ((n: number) => Promise<JsonObject | undefined>) | undefined {
    const journal = this.#journal;
    return journal === undefined ? undefined : (n) => journal.outputsOf(n);
  }

  /** Whether some node that has not ended may still read the outputs of this one. */
  #isNeeded(id: string): boolean {
    if (this.#over || this.#journal !== undefined) return false;
    const n = this.#state.topology.numberOf(id);
    return (
      n !== undefined &&
      this.#state.topology
        .dependentsOf(n)
        .some((to) => (this.#state.status[to] as number) < Status.SUCCEEDED)
    );
  }

  // --- the end -------------------------------------------------------------------------------------------------

  #isStopping(): boolean {
    const status = this.#state.halt?.status;
    return (
      status === 'cancelled' || status === 'timed_out' || (status === 'failed' && this.#hooksFailed)
    );
  }

  #abortCancelled(reason: string | null): void {
    for (const n of this.#state.consequences) {
      const attempt = this.#attempts[n];
      if (attempt === undefined) continue;
      this.#attempts[n] = undefined;
      NodeAttempt.untimed(attempt);
      this.#whenCommitted(() =>
        NodeAttempt.abort(
          attempt,
          new DaggerError('CANCELLED', reason ?? 'the branch was cancelled'),
        ),
      );
    }
  }

  #endIfDone(): void {
    if (this.#over || this.#busy || this.#inbox.length > 0 || this.#turnAsked) return;
    const state = this.#state;
    const stopping = this.#isStopping();
    if (
      state.count(Status.RUNNING) > 0 ||
      this.#resolving > 0 ||
      this.#handlers.size > 0 ||
      this.#commandsWaiting > 0
    )
      return;
    if (
      !stopping &&
      (this.#handlerQueue.length > 0 ||
        this.#askingHooks ||
        (!this.#hooksFailed && (this.#hookQueue.length > 0 || state.awaiting.size > 0)))
    )
      return;
    if (state.halt === undefined) {
      if (state.count(Status.RETRYING) > 0) return;
      const next = state.takeReady();
      if (next !== -1) return state.returnReady(next);
    }
    if (this.#hooks.length > 0 && !this.#hooksFailed && !stopping && !this.#completionAsked)
      return this.#askCompletion();
    this.#finish();
  }

  /** The last question to the hooks; new work from their answers makes the run go on. */
  #askCompletion(): void {
    this.#completionAsked = true;
    const settle = (answer: HookAnswer): void => {
      const nodesBefore = this.#state.nodeCount;
      const pausedBefore = this.#state.paused.size;
      if (this.#state.halt === undefined) this.#obey(answer);
      // Only what can move again is a reason to ask again.
      this.#completionAsked =
        this.#state.nodeCount === nodesBefore && this.#state.paused.size >= pausedBefore;
    };
    this.#busy = true;
    const ask = async (): Promise<HookAnswer> =>
      this.#hooks.ask({ kind: 'complete', success: this.#state.outcome().status === 'succeeded' });
    ask().then(
      (answer) => {
        this.#busy = false;
        this.#post(() => settle(answer));
      },
      (error: unknown) => {
        this.#busy = false;
        this.#post(() => this.#hookFailed(error));
      },
    );
  }

  #finish(): void {
    this.#busy = true;
    const at = this.#clock.now();
    for (
      let n = 0;
      this.#state.halt !== undefined &&
      this.#state.halt.status !== 'paused' &&
      this.#state.count(Status.RETRYING) > 0 &&
      n < this.#state.nodeCount;
      n++
    ) {
      if (this.#state.status[n] === Status.RETRYING)
        this.#emit({ type: 'NodeCancelled', n, at, reason: this.#state.halt.status });
    }
    const { status, error } = this.#state.outcome();
    this.#emit({ type: 'RunFinished', at, status, ...(error === undefined ? {} : { error }) });
    const journal = this.#journal;
    if (journal === undefined) return this.#conclude();
    journal.finish(this.#batch, this.#memos).then(
      () => this.#conclude(),
      (failure: unknown) => this.#crash(failure),
    );
  }

  #conclude(): void {
    try {
      this.#afterCommit();
    } catch (error) {
      return this.#crash(error);
    }
    this.#close();
    this.#resolveDone(this.report());
  }

  /** The report as things stand. */
  report(): RunReport {
    return new RunReport(
      { runId: this.runId, dag: this.dagName },
      this.#state,
      this.cache,
      this.#clock.now(),
    );
  }

  /** Storage failed, the run was taken over, or dagger has a mistake: stop without writing anything more. */
  #crash(error: unknown): void {
    if (this.#over) return;
    const attempts = [...this.#attempts, ...this.#handlers.values()];
    this.#close();
    for (const attempt of attempts) if (attempt !== undefined) NodeAttempt.abort(attempt, error);
    this.#rejectDone(error);
  }

  #close(): void {
    this.#over = true;
    this.#graceTimer?.();
    this.#timers.stop();
    this.#detachSignal?.();
    this.#journal?.close();
    EventStream.end(this.events);
    for (const wake of this.#senders.splice(0)) wake();
    for (const { reject } of this.#sent)
      reject(
        new DaggerError(
          'COMMAND_REJECTED',
          `run '${this.runId}' ended before the command was carried out`,
          { ids: { runId: this.runId } },
        ),
      );
    this.#sent.clear();
    this.#inbox = [];
  }

  /** Takes up what an earlier session left: waits of retries, handlers that have not ended. */
  #rearm(): void {
    for (const [n, notes] of this.#state.notes) {
      if (this.#state.status[n] === Status.RETRYING) {
        const last = notes.retries.at(-1);
        this.#awaitRetry(n, (last?.at ?? 0) + (last?.delay ?? 0));
      }
      if (notes.handler?.status === 'pending') this.#handlerQueue.push(n);
    }
  }

  #attachSignal(signal: AbortSignal): void {
    const abort = (): void => {
      const reason: unknown = signal.reason;
      this.stop(
        'cancelled',
        new DaggerError(
          'CANCELLED',
          reason instanceof Error && reason.name !== 'AbortError'
            ? `cancelled: ${reason.message}`
            : 'cancelled',
          { ids: { runId: this.runId }, cause: reason },
        ),
      );
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    this.#detachSignal = () => signal.removeEventListener('abort', abort);
  }
}

/** Wakes the loop for another turn. */
const noMessage = (): void => {};

const describeCommand = (command: unknown): JsonValue => {
  try {
    return JSON.parse(JSON.stringify(command) ?? 'null') as JsonValue;
  } catch {
    return String(command);
  }
};
