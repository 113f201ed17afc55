import type { Cache } from '../cache/cache.ts';
import type { DagConfig } from '../config/model.ts';
import { DaggerError } from '../errors.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { RunEvent } from '../run/events.ts';
import type { NumberedEvent } from '../run/public-events.ts';
import { RunReport } from '../run/report.ts';
import type { RunState } from '../run/state.ts';
import { Status } from '../run/status.ts';
import type { InboxMessage } from '../storage/inbox.ts';
import type { RunSnapshot, SavedSnapshot } from '../storage/snapshots.ts';
import type { NodeAttempt } from './attempt.ts';
import { AttemptSurroundings } from './attempt-surroundings.ts';
import { Admission } from './admission.ts';
import { Attempts } from './attempts.ts';
import { Outcomes } from './outcomes.ts';
import type { Session } from './session.ts';
import { EventStream } from './event-stream.ts';
import { Commands } from './commands.ts';
import { HookGate } from './hook-gate.ts';
import { HookLine } from './hook-line.ts';
import { HookSurroundings, viewOf } from './hook-surroundings.ts';
import { InboxLine } from './inbox-line.ts';
import { takeUpLeftovers } from './leftovers.ts';
import type { LiveRunOptions } from './live-run-options.ts';
import { Lookups } from './lookups.ts';
import { Patience } from './patience.ts';
import { Readers } from './readers.ts';
import { Snapshots } from './snapshots.ts';
import { Stopping } from './stopping.ts';
import { Tidings } from './tidings.ts';
import { Timers } from './timers.ts';
import { Turns, type TurnWork } from './turns.ts';

/**
 * One session of a run: the imperative shell around the pure state. What comes in (results, timers, commands) becomes
 * events that the state folds; what the state then allows is started once those events are durable.
 */
export class LiveRun implements TurnWork<NodeAttempt> {
  readonly runId: string;
  readonly dagName: string;
  readonly cache: Cache;
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
  readonly #hooks: HookSurroundings;
  readonly #tidings: Tidings;
  readonly #commands: Commands;
  readonly #stopping: Stopping;
  #snapshots: Snapshots | undefined;
  readonly #patience: Patience;
  readonly #inbox: InboxLine | undefined;
  #resolveDone!: (report: RunReport) => void;
  #rejectDone!: (error: unknown) => void;

  constructor(options: LiveRunOptions) {
    const { identity, state, cache, config, clock, journal, appData, logger } = options;
    this.runId = identity.runId;
    this.dagName = identity.dagName;
    this.cache = cache;
    this.state = state;
    this.config = config;
    this.#options = options;
    const turns = new Turns<NodeAttempt>(this, clock, journal, state.seq);
    this.#turns = turns;
    this.#timers = new Timers(clock);
    this.#lookups = new Lookups(options.memo);
    this.events = new EventStream(options.eventCapacity, () => turns.ask());
    const { events } = this;
    const { maxOutputBytes } = config;
    this.#attempts = new Attempts({
      host: new AttemptSurroundings({
        identity,
        state,
        cache,
        turns,
        events,
        clock,
        logger,
        appData,
        maxOutputBytes,
      }),
      state,
      cache,
      registry: options.registry,
      clock,
      timers: this.#timers,
      load: journal === undefined ? undefined : (n) => journal.outputsOf(n),
      timedOut: (attempt, seconds) => turns.post(() => this.#outcomes.timedOut(attempt, seconds)),
      called: (n) => turns.post(() => this.#outcomes.cancel(n)),
      stopped: () => turns.over || this.#stopping.begun,
    });
    const session: Session = {
      runId: this.runId,
      dagName: this.dagName,
      state,
      cache,
      config,
      slots: options.slots,
      registry: options.registry,
      ids: options.ids,
      journal,
      turns,
      timers: this.#timers,
      attempts: this.#attempts,
      lookups: this.#lookups,
      order: options.order,
      emit: (event) => this.#emit(event),
      isStopping: () => this.#stopping.begun,
      inTime: (then) => {
        if (this.#inbox === undefined) then();
        else void this.#inbox.look().then(then);
      },
    };
    const outcomes = new Outcomes(session);
    this.#outcomes = outcomes;
    this.#admission = new Admission(session, outcomes);
    this.#patience = new Patience(clock);
    const stopping = new Stopping(session, outcomes, this.#patience);
    this.#stopping = stopping;
    const commands = new Commands({
      session,
      outcomes,
      stopping,
      capacity: options.commandCapacity,
    });
    this.#commands = commands;
    this.#hooks = new HookSurroundings(session, commands, stopping);
    const { runId, dagName } = identity;
    const context = { runId, dagName, appData, run: viewOf(session) };
    this.#gate = new HookGate(new HookLine(options.hooks, context), this.#hooks, options.unseen);
    this.#tidings = new Tidings({ runId, dagName }, state, events, this.#gate);
    this.#inbox =
      options.inbox && new InboxLine(options.inbox, (message) => commands.receive(message));
    const { saveSnapshot } = options;
    // A limited cache has dropped values that a snapshot must have.
    if (saveSnapshot !== undefined && config.enableIncrementalCache && !cache.isLimited)
      this.#snapshots = new Snapshots(
        config.cacheSnapshotInterval * 1_000,
        { seq: state.seq, at: clock.now() },
        () => saveSnapshot(this.#capture()),
      );
    this.done = new Promise((resolve, reject) => {
      this.#resolveDone = resolve;
      this.#rejectDone = reject;
    });
    // Whoever awaits `done` hears of a rejection; a run that nobody awaits must not end the process.
    this.done.catch(() => {});
    const readers = new Readers(state);
    cache.keepWhile((id) => !this.ended && readers.needs(id, journal !== undefined));
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
    takeUpLeftovers(this.state, this.#outcomes);
    this.#stopping.timeOut(this.state.sessionStartedAt + this.config.timeoutSeconds * 1000);
    if (signal !== undefined) this.#stopping.attach(signal);
    if (this.#inbox !== undefined) this.#inbox.start(messages);
    else for (const message of messages) this.#commands.receive(message);
    this.#turns.begin();
  }

  /** Ends the run: nothing new starts, running actions get their signal, and after the grace time they are given up. */
  stop(why: 'cancelled' | 'timed_out' | 'failed', error: DaggerError): void {
    this.#stopping.stop(why, error);
  }

  /** Ends the grace time of a stop now: actions that still run are given up. */
  abandon(): void {
    this.#stopping.abandon();
  }

  /**
   * Sends a command from outside. Resolves once it is carried out and durable; when `commandCapacity` commands wait
   * already, it takes its place in line.
   * @throws DaggerError COMMAND_REJECTED
   */
  send(command: ExecutorCommand): Promise<void> {
    return this.#commands.send(command);
  }

  /** Like `send`; false when the session came to its end before the command had its turn. */
  offer(command: ExecutorCommand): Promise<boolean> {
    return this.#commands.offer(command);
  }

  /** Ends the session without ending the run: running actions get their signal, and nothing more is written. */
  letGo(error?: DaggerError): void {
    this.broken(
      error ??
        new DaggerError('RUN_LOST', `the executor of run '${this.runId}' was closed`, {
          ids: { runId: this.runId },
          recoverable: true,
        }),
    );
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
      this.#turns.post(() =>
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
    this.#tidings.tell();
    this.#snapshots?.committed(this.state.seq, this.#turns.now);
    if (this.#admission.starts.length > 0) {
      const { starts } = this.#admission;
      this.#admission.starts = [];
      for (let i = 0; i < starts.length; i++) this.#attempts.begin(starts[i] as number);
    }
    const { handlers } = this.#outcomes;
    // Nothing starts in a run that is being stopped; a handler that has not begun runs when the run is resumed.
    while (
      !this.#stopping.begun &&
      handlers.length > 0 &&
      this.#admission.used < this.#options.slots
    )
      this.#attempts.beginHandler(handlers.shift() as number);
    // Hooks look at what was just committed in a turn of its own.
    if (this.#gate.due) this.#turns.post(nothing);
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
    const stopping = this.#stopping.begun;
    if (!stopping && (this.#outcomes.handlers.length > 0 || this.#gate.busy)) return;
    if (state.halt === undefined) {
      if (state.count(Status.RETRYING) > 0) return;
      const next = state.takeReady();
      if (next !== -1) return state.returnReady(next);
      if (state.waits.anyTimed) return this.#patience.begin();
      if (!stopping && this.#awaitsWord() && this.#lookOnceMore()) return;
    }
    if (
      !stopping &&
      this.#gate.askCompletion(state.outcome().status === 'succeeded', (answer) =>
        this.#hooks.extended(answer),
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
  #lookOnceMore(): boolean {
    return this.#inbox?.lookOnceMore(this.state.seq, () => this.#turns.post(nothing)) ?? false;
  }

  broken(error: unknown): void {
    if (this.#turns.over) return;
    this.#close(error);
    this.#attempts.abortAll(error);
    this.#rejectDone(error);
  }

  #emit(event: RunEvent): void {
    this.state.apply(event);
    this.#turns.record(event);
    this.#tidings.note(event);
    if (event.type === 'InputsSet') this.#lookups.forget(event.n);
    if (event.type === 'CacheUpdated')
      this.cache.insertGlobal(event.namespace, event.key, event.value);
    if (event.type === 'BranchCancelled') this.#stopping.abortCancelled(event.reason);
  }

  // --- the end -----------------------------------------------------------------------------------------------------

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
    this.#stopping.end();
    this.#options.journal?.close();
    this.#inbox?.stop();
    this.#commands.close(error);
    EventStream.end(this.events, error);
  }
}

/** Wakes the loop for another turn. */
const nothing = (): void => {};
