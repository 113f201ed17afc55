import type { WaitAnswer } from '../actions/answer.ts';
import type { DependencyOutcome } from '../actions/context.ts';
import type { Logger } from '../actions/logger.ts';
import type { ActionRegistry } from '../actions/registry.ts';
import type { Cache } from '../cache/cache.ts';
import type { Clock } from '../clock.ts';
import type { DagConfig } from '../config/model.ts';
import { DaggerError, toErrorData } from '../errors.ts';
import { Depths } from '../graph/depth.ts';
import type { EventHook, RunView } from '../hooks/hook.ts';
import type { Ids } from '../ids.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { RunEvent } from '../run/events.ts';
import {
  publicEvents,
  type ExecutionEvent,
  type NumberedEvent,
  type RunIdentity,
} from '../run/public-events.ts';
import { RunReport } from '../run/report.ts';
import type { RunState } from '../run/state.ts';
import { Status } from '../run/status.ts';
import type { Inbox, InboxMessage } from '../storage/inbox.ts';
import type { MemoStore, RunJournal } from '../storage/journal.ts';
import type { RunSnapshot, SavedSnapshot } from '../storage/snapshots.ts';
import { NodeAttempt, type AttemptHost } from './attempt.ts';
import { Admission } from './admission.ts';
import { Attempts } from './attempts.ts';
import { dependencyOutcomes } from './dependency-outcomes.ts';
import { Outcomes } from './outcomes.ts';
import type { Session } from './session.ts';
import { commandEvent, describeCommand } from './carry-out.ts';
import { CommandLine } from './command-line.ts';
import { EventStream } from './event-stream.ts';
import { HookGate, type HookHost } from './hook-gate.ts';
import { HookLine, type HookAnswer } from './hook-line.ts';
import { InboxLine } from './inbox-line.ts';
import { Lookups } from './lookups.ts';
import { Patience } from './patience.ts';
import { Readers } from './readers.ts';
import { Snapshots } from './snapshots.ts';
import type { StartOrder } from './start-order.ts';
import { Timers } from './timers.ts';
import { Turns, type TurnWork } from './turns.ts';

export interface LiveRunOptions {
  readonly identity: RunIdentity;
  readonly state: RunState;
  readonly cache: Cache;
  readonly config: DagConfig;
  /** Nodes at the same time. */
  readonly slots: number;
  readonly order: StartOrder;
  readonly registry: ActionRegistry;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly appData: unknown;
  readonly hooks: readonly EventHook[];
  readonly eventCapacity: number;
  readonly commandCapacity: number;
  readonly journal: RunJournal | undefined;
  /** Commands from other processes; absent without storage. */
  readonly inbox: Inbox | undefined;
  readonly memo: MemoStore | undefined;
  /** Writes a snapshot of the run; absent without storage. */
  readonly saveSnapshot: ((snapshot: RunSnapshot) => Promise<SavedSnapshot>) | undefined;
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
  readonly config: DagConfig;
  readonly #turns: Turns<NodeAttempt>;
  readonly #timers: Timers;
  readonly #attempts: Attempts;
  readonly #lookups: Lookups;
  readonly #outcomes: Outcomes;
  readonly #admission: Admission;
  readonly #gate: HookGate;
  readonly #readers: Readers;
  readonly #depths: Depths = new Depths();
  readonly #commands: CommandLine;
  #snapshots: Snapshots | undefined;
  readonly #patience: Patience;
  readonly #inbox: InboxLine | undefined;
  /** The inbox was looked at when the run had this many events. */
  #askedAt = -1;
  #asking = false;
  #tidings: NumberedEvent[] = [];
  #stopping = false;
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
    this.config = options.config;
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
      timedOut: (attempt, seconds) => this.post(() => this.#outcomes.timedOut(attempt, seconds)),
      called: (n) => this.post(() => this.#outcomes.cancel(n)),
      stopped: () => this.#turns.over || this.#isStopping(),
    });
    const session: Session = {
      runId: this.runId,
      dagName: this.dagName,
      state,
      cache,
      config: options.config,
      slots: options.slots,
      registry: options.registry,
      ids: options.ids,
      journal,
      turns: this.#turns,
      timers: this.#timers,
      attempts: this.#attempts,
      lookups: this.#lookups,
      order: options.order,
      emit: (event) => this.#emit(event),
      isStopping: () => this.#isStopping(),
      inTime: (then) => {
        if (this.#inbox === undefined) then();
        else void this.#inbox.look().then(then);
      },
    };
    this.#outcomes = new Outcomes(session);
    this.#admission = new Admission(session, this.#outcomes);
    const { runId, dagName, appData } = this;
    this.#gate = new HookGate(
      new HookLine(options.hooks, { runId, dagName, appData, run: this.#view() }),
      this,
      options.unseen,
    );
    this.#inbox =
      options.inbox && new InboxLine(options.inbox, (message) => this.#receive(message));
    this.#patience = new Patience(clock);
    const { saveSnapshot } = options;
    // A limited cache has dropped values that a snapshot must have.
    if (saveSnapshot !== undefined && options.config.enableIncrementalCache && !cache.isLimited)
      this.#snapshots = new Snapshots(
        options.config.cacheSnapshotInterval * 1_000,
        { seq: state.seq, at: clock.now() },
        () => saveSnapshot(this.#capture()),
      );
    this.#commands = new CommandLine(options.commandCapacity, runId);
    this.events = new EventStream(options.eventCapacity, () => this.#turns.ask());
    this.done = new Promise((resolve, reject) => {
      this.#resolveDone = resolve;
      this.#rejectDone = reject;
    });
    // Whoever awaits `done` hears of a rejection; a run that nobody awaits must not end the process.
    this.done.catch(() => {});
    cache.keepWhile((id) => !this.ended && this.#readers.needs(id, journal !== undefined));
  }

  /** What the hooks have not been shown; they see it when the run goes on. */
  get unseen(): readonly NumberedEvent[] {
    return this.#gate.unseen;
  }

  get ended(): boolean {
    return this.#turns.over;
  }

  /**
   * Begins the session with its first event.
   * @param messages what waits in the inbox already
   */
  start(
    first: RunEvent,
    signal: AbortSignal | undefined,
    messages: readonly InboxMessage[] = [],
  ): void {
    this.#emit(first);
    this.#rearm();
    this.#timeOut(this.state.sessionStartedAt + this.config.timeoutSeconds * 1000);
    if (signal !== undefined) this.#attach(signal);
    if (this.#inbox !== undefined) this.#inbox.start(messages);
    else for (const message of messages) this.#receive(message);
    this.#turns.begin();
  }

  /** Stops the run at `due`, or later by the time that it did nothing but wait for people. */
  #timeOut(due: number): void {
    this.#timers.at(due, () =>
      this.post(() => {
        const spared = this.#patience.spare();
        if (spared > 0) return this.#timeOut(this.#turns.now + spared);
        const { timeoutSeconds } = this.config;
        const message = `the run took longer than ${timeoutSeconds} s`;
        this.stop('timed_out', new DaggerError('RUN_TIMEOUT', message, this.#ids()));
      }),
    );
  }

  /** Ends the run: nothing new starts, running actions get their signal, and after the grace time they are given up. */
  stop(why: 'cancelled' | 'timed_out' | 'failed', error: DaggerError): void {
    this.post(() => {
      const event = { type: 'RunStopping', at: this.#turns.now, why, error: toErrorData(error) };
      this.#stop(event as RunEvent & { readonly type: 'RunStopping' }, error);
    });
  }

  #stop(event: RunEvent & { readonly type: 'RunStopping' }, reason: DaggerError): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#emit(event);
    this.#timers.at(event.at + this.config.gracePeriod * 1000, () => this.abandon());
    this.#turns.afterwards(() => this.#attempts.abortAll(reason));
  }

  /** Ends the grace time of a stop now: actions that still run are given up. */
  abandon(): void {
    this.post(() => {
      if (!this.#isStopping()) return;
      for (let n = 0; n < this.state.nodeCount; n++) {
        if (this.state.status[n] !== Status.RUNNING) continue;
        this.#attempts.giveUp(n);
        this.#outcomes.cancel(n, '; did not end within the grace time');
      }
      for (const attempt of this.#attempts.handlers.values()) {
        this.#outcomes.handlerFailed(
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
    return this.#commands.send((acknowledge) => this.#submit(command, acknowledge));
  }

  /** Like `send`; false when the session came to its end before the command had its turn. */
  offer(command: ExecutorCommand): Promise<boolean> {
    return this.#commands.offer((acknowledge) => this.#submit(command, acknowledge));
  }

  #submit(command: ExecutorCommand, acknowledge: (error?: unknown) => void): void {
    this.post(() => {
      this.#commands.taken();
      try {
        this.#carryOutCommand(command);
        this.#turns.afterwards(() => acknowledge());
      } catch (error) {
        acknowledge(error);
      }
    });
  }

  /**
   * Writes a snapshot of the run as it is durable now; undefined when the session ended before, or its cache has not
   * everything.
   */
  saveSnapshot(): Promise<SavedSnapshot | undefined> {
    const { saveSnapshot } = this.#options;
    if (saveSnapshot === undefined || this.cache.isLimited) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      let taken = false;
      const late = (): void => {
        if (!taken) resolve(undefined);
      };
      this.done.then(late, late);
      this.post(() =>
        this.#turns.afterwards(() => {
          taken = true;
          saveSnapshot(this.#capture()).then(resolve, reject);
        }),
      );
    });
  }

  #capture(): RunSnapshot {
    return { state: this.state.snapshot(), cache: this.cache.toJSON(), unseen: this.unseen };
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

  answerOf(n: number): WaitAnswer | null {
    return this.state.notes.get(n)?.answer ?? null;
  }

  dependenciesOf(n: number): readonly DependencyOutcome[] {
    return dependencyOutcomes(this.state, n);
  }

  attemptEnded(attempt: NodeAttempt): void {
    // With no other attempt under way there is nothing to wait for: the turn begins at once.
    if (this.state.count(Status.RUNNING) === 1) this.#turns.postLast(attempt);
    else this.#turns.post(attempt);
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

  #view(): RunView {
    const { state, cache } = this;
    const { config, registry } = this.#options;
    return Object.freeze({
      config,
      nodeOf: (id) => {
        const n = state.topology.numberOf(id);
        return n === undefined ? undefined : state.topology.definitions[n];
      },
      knowsAction: (name) => registry.contains(name),
      shared: (namespace) => cache.globalEntries(namespace),
    } satisfies RunView);
  }

  get committed(): number {
    return this.#turns.committed;
  }

  get seen(): number {
    return this.state.hooksSeen;
  }

  get concluded(): boolean {
    return this.state.concluded;
  }

  get awaited(): boolean {
    return this.state.awaiting.size > 0;
  }

  obey({ commands }: HookAnswer, about?: ExecutionEvent): void {
    if (commands.length === 0) return;
    const node = about === undefined ? undefined : nodeOf(about);
    const n = node === undefined ? undefined : this.state.topology.numberOf(node);
    for (const { command, by } of commands) this.#obey(command, by, { n });
  }

  /** Carries out a command, or records why not. */
  #obey(
    command: ExecutorCommand,
    by: string,
    { n, message }: { readonly n?: number | undefined; readonly message?: string } = {},
  ): void {
    try {
      this.#carryOutCommand(command, n);
    } catch (error) {
      this.#emit({
        type: 'CommandRejected',
        at: this.#turns.now,
        command: describeCommand(command),
        by,
        ...(message === undefined ? {} : { message }),
        error: toErrorData(error, 'COMMAND_REJECTED'),
      });
    }
  }

  /** @throws DaggerError COMMAND_REJECTED, LIMIT_REACHED, NOT_JSON */
  #carryOutCommand(command: ExecutorCommand, by?: number): void {
    const event = this.#eventOf(command, by);
    if (event.type === 'RunStopping')
      return this.#stop(event, new DaggerError('CANCELLED', event.error.message, this.#ids()));
    this.#emit(event);
    if (event.type === 'InputGiven') this.#outcomes.waiting(event.n);
  }

  /** A command from another process: carried out and taken off the inbox in one commit. */
  #receive({ id, command }: InboxMessage): void {
    this.post(() => {
      this.#obey(command, 'inbox', { message: id });
      this.#turns.taken(id);
    });
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
    this.#outcomes.take(attempt);
  }

  decide(): void {
    this.#patience.over();
    this.#gate.ask();
    // When hooks or watchers are too far behind, nothing new starts until they catch up.
    const behind = this.#gate.backlog >= this.#options.eventCapacity || this.events.full;
    if (this.#gate.open && !behind) this.#admission.fill();
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
    this.#snapshots?.committed(this.state.seq, this.#turns.now);
    if (this.#admission.starts.length > 0) {
      const { starts } = this.#admission;
      this.#admission.starts = [];
      for (let i = 0; i < starts.length; i++) this.#attempts.begin(starts[i] as number);
    }
    const { handlers } = this.#outcomes;
    // Nothing starts in a run that is being stopped; a handler that has not begun runs when the run is resumed.
    while (!this.#stopping && handlers.length > 0 && this.#admission.used < this.#options.slots)
      this.#attempts.beginHandler(handlers.shift() as number);
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
    if (!stopping && (this.#outcomes.handlers.length > 0 || this.#gate.busy)) return;
    if (state.halt === undefined) {
      if (state.count(Status.RETRYING) > 0) return;
      const next = state.takeReady();
      if (next !== -1) return state.returnReady(next);
      if (state.waits.anyTimed) return this.#patience.begin();
      if (!stopping && this.#awaitsWord() && this.#askInbox()) return;
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

  /** Whether something from outside could make the run go on: an answer, or an instruction for its planner. */
  #awaitsWord(): boolean {
    return this.state.outcome().status === 'paused' || this.state.topology.supervisor !== -1;
  }

  /** Before a session ends, it looks once more whether an input has come; whether that is under way. */
  #askInbox(): boolean {
    if (this.#inbox === undefined || this.#askedAt === this.state.seq) return this.#asking;
    this.#askedAt = this.state.seq;
    this.#asking = true;
    void this.#inbox.look().then(() => {
      this.#asking = false;
      this.post(nothing);
    });
    return true;
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
    if (event.type === 'InputsSet') this.#lookups.forget(event.n);
    if (event.type === 'CacheUpdated')
      this.cache.insertGlobal(event.namespace, event.key, event.value);
    if (consequences && event.type === 'BranchCancelled') this.#abortCancelled(event.reason);
  }

  #eventOf(command: ExecutorCommand, by?: number): RunEvent {
    return commandEvent(command, {
      by,
      state: this.state,
      registry: this.#options.registry,
      now: this.#turns.now,
      limits: this.config,
      depths: this.#depths,
    });
  }

  // --- the end -----------------------------------------------------------------------------------------------------

  /** Being stopped, in contrast to a halt that lets running nodes end in peace. */
  #isStopping(): boolean {
    return this.#stopping;
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
    const ready = state.count(Status.READY);
    if (state.halt === undefined) this.obey(answer);
    const extended =
      state.nodeCount > nodeCount ||
      state.paused.size < paused ||
      state.count(Status.READY) > ready;
    // Commands that bring no new work must not come a second time when this session is cut off.
    if (!extended && answer.commands.length > 0)
      this.#emit({ type: 'HooksConcluded', at: this.#turns.now });
    return extended;
  }

  #finish(): void {
    const { state } = this;
    this.#turns.now = this.#options.clock.now();
    if (
      state.halt !== undefined &&
      state.halt.status !== 'paused' &&
      state.count(Status.RETRYING) + state.count(Status.WAITING) > 0
    )
      this.#cancelWaits(state.halt.status);
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

  #cancelWaits(reason: string): void {
    for (let n = 0; n < this.state.nodeCount; n++) {
      const status = this.state.status[n];
      if (status === Status.RETRYING || status === Status.WAITING)
        this.#emit({ type: 'NodeCancelled', n, at: this.#turns.now, reason });
    }
  }

  /** @param error what broke the session off, if anything did */
  #close(error?: unknown): void {
    this.#turns.end();
    this.#timers.stop();
    this.#detachSignal?.();
    this.#options.journal?.close();
    this.#inbox?.stop();
    this.#commands.close(error);
    EventStream.end(this.events, error);
  }

  /** Takes up what an earlier session left: waits of retries, handlers that have not ended, rejections that came since. */
  #rearm(): void {
    for (const [n, notes] of this.state.notes) {
      if (this.state.isRejected(n)) {
        this.#outcomes.waiting(n);
        continue;
      }
      if (this.state.status[n] === Status.RETRYING) {
        const last = notes.retries.at(-1);
        this.#outcomes.awaitRetry(n, (last?.at ?? 0) + (last?.delay ?? 0));
      }
      if (notes.handler?.status === 'pending') this.#outcomes.handlers.push(n);
    }
    for (const [n] of this.state.waits.entries()) this.#outcomes.waiting(n);
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

/** The node that an event is about. */
const nodeOf = (event: ExecutionEvent): string | undefined =>
  event.type === 'NodesAdded' ? event.nodes[0]?.id : 'nodeId' in event ? event.nodeId : undefined;

/** Wakes the loop for another turn. */
const nothing = (): void => {};
