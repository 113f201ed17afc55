import type { WaitAnswer } from '../actions/answer.ts';
import { addNodes, type Problems } from '../graph/compile.ts';
import type { NodeDefinition } from '../graph/model.ts';
import { NodeFlag, type Topology } from '../graph/topology.ts';
import type { DagConfig } from '../config/model.ts';
import type { ErrorData } from '../errors.ts';
import type { RunEvent } from './events.ts';
import { newNotes, type HandlerNote, type NodeNotes } from './notes.ts';
import { PausedBranches } from './paused-branches.ts';
import { isSettled, Status, STATUS_NAMES, type RunStatus, type SkipReason } from './status.ts';
import { packed, unpack, type StateSnapshot } from './snapshot.ts';
import { byValue, Waits } from './waits.ts';
import { RankedHeap } from './ranked-heap.ts';
import { ReadyHeap, type ReadyQueue } from './ready-heap.ts';
import type { Levels } from './schedule.ts';

/** Why no new work starts, and with which status the run will end. */
export interface Halt {
  readonly status: Exclude<RunStatus, 'running' | 'succeeded'>;
  readonly error: ErrorData;
}

/** How a session ended. */
export interface Finish {
  readonly status: Exclude<RunStatus, 'running'>;
  readonly error: ErrorData | undefined;
  readonly at: number;
}

/** A command that was refused. */
export interface CommandRejection {
  readonly at: number;
  readonly by: string;
  readonly error: ErrorData;
}

const SKIP_REASON: { readonly [status: number]: SkipReason } = {
  [Status.FAILED]: 'dependency-failed',
  [Status.SKIPPED]: 'dependency-skipped',
  [Status.CANCELLED]: 'dependency-cancelled',
};

/**
 * The state of a run: a fold over its events, the same live and on recovery. Nodes are numbers and their states lie in
 * flat arrays. `apply` is the only way to change it; it reads no clock, does no I/O and throws on no event that the
 * coordinator may produce.
 *
 * What a settled dependency means for a node (`need` counts the successes still missing, `unsettled` the dependencies
 * still open):
 *
 * | dependency       | join all, required | join all, optional | join any / at least n                |
 * |------------------|--------------------|--------------------|--------------------------------------|
 * | succeeded        | one need less      | nothing            | one need less                        |
 * | failed, skipped, | skipped            | nothing            | skipped once need exceeds unsettled  |
 * | cancelled        |                    |                    |                                      |
 * | ready when       | need 0, unsettled 0                     | need 0                               |
 */
export class RunState {
  topology: Topology;
  status: Uint8Array<ArrayBuffer>;
  /** Number of the latest attempt; 0 before the first. */
  attempt: Uint16Array<ArrayBuffer>;
  /** Milliseconds since the Unix epoch; 0 where it has not happened. */
  startedAt: Float64Array<ArrayBuffer>;
  endedAt: Float64Array<ArrayBuffer>;
  /** Nodes per status. */
  readonly counts: Int32Array<ArrayBuffer> = new Int32Array(STATUS_NAMES.length);
  readonly notes: Map<number, NodeNotes> = new Map();
  /** Sequence number of the latest event that the journal keeps; the first is 1. */
  seq = 0;
  sessionStartedAt = 0;
  runStartedAt = 0;
  halt: Halt | undefined;
  finished: Finish | undefined;
  tokens = 0;
  iterations = 0;
  cacheHits = 0;
  /** Failure handlers that have not ended. */
  handlersPending = 0;
  /** Whether results wait for the hooks before dependents may start. */
  hooked = false;
  /** The hooks saw every event up to this sequence number. */
  hooksSeen = 0;
  /** How many of the public events of `hooksSeen` they saw. */
  hooksSeenParts: number = Infinity;
  /** Whether the hooks gave their commands at the end of the run, and nothing new came since. */
  concluded = false;
  /** Settled nodes whose dependents wait for the hooks, with the sequence number of the event. */
  readonly awaiting: Map<number, number> = new Map();
  readonly paused: PausedBranches = new PausedBranches();
  /** Who waits for a person, and what arrived before. */
  readonly waits: Waits = new Waits();
  /** For each node that a hook added on account of an event of a node: that node. */
  readonly addedBy: Map<number, number> = new Map();
  readonly commandRejections: CommandRejection[] = [];
  /** Nodes that the latest event skipped or cancelled along the way; the coordinator tells watchers. */
  readonly consequences: number[] = [];

  readonly #config: DagConfig;
  readonly #definition: Topology;
  #unsettled: Int32Array<ArrayBuffer>;
  #need: Int32Array<ArrayBuffer>;
  #ownsTopology = false;
  #ready: ReadyQueue = new ReadyHeap();
  #disabled: Map<number, boolean> | undefined;
  /** Whether the first nodes were opened; hooks are told of the start before. */
  #opened = false;
  /** How many of `consequences` have told their dependents. */
  #told = 0;

  constructor(topology: Topology, config: DagConfig) {
    const { count } = topology;
    this.topology = topology;
    this.#definition = topology;
    this.#config = config;
    this.status = new Uint8Array(count);
    this.attempt = new Uint16Array(count);
    this.startedAt = new Float64Array(count);
    this.endedAt = new Float64Array(count);
    this.#unsettled = topology.dependencyCount.slice(0, count);
    this.#need = topology.need.slice(0, count);
    this.counts[Status.PENDING] = count;
  }

  get nodeCount(): number {
    return this.topology.count;
  }

  /** Takes the next node that may start, by `rank` or else in the order of definition; -1 when there is none. */
  takeReady(): number {
    for (;;) {
      const n = this.#ready.pop();
      if (n === -1) return n;
      // Nodes that left the ready state stay in the heap until they come up.
      if (this.status[n] === Status.READY && !this.paused.holds(n)) return n;
    }
  }

  /** Puts back a node that was taken and not started. */
  returnReady(n: number): void {
    this.#ready.push(n);
  }

  /** Lets ready nodes start by their levels; undefined: in the order of definition. */
  rank(levels: Levels | undefined): void {
    const before = this.#ready;
    if (levels === undefined && before instanceof ReadyHeap) return;
    this.#ready = levels === undefined ? new ReadyHeap() : new RankedHeap(levels);
    for (let n = before.pop(); n !== -1; n = before.pop()) this.#ready.push(n);
  }

  isDisabled(n: number): boolean {
    return this.#disabled?.get(n) ?? ((this.topology.flags[n] as number) & NodeFlag.DISABLED) !== 0;
  }

  /** Nodes that were enabled or disabled by a command. */
  disabledNodes(): [n: number, disabled: boolean][] {
    return [...(this.#disabled ?? [])];
  }

  /** Failed attempts of this session and the ones before that count against the attempts of the node. */
  failedAttempts(n: number): number {
    const notes = this.notes.get(n);
    return notes === undefined ? 0 : notes.retries.length - notes.budgetFrom;
  }

  /** Whether going on with the run gives failed nodes another chance: not when it only paused, or was cut off. */
  get retriesOnResume(): boolean {
    if (this.finished === undefined) return false;
    const { status } = this.finished;
    return status !== 'paused' || (this.halt !== undefined && this.halt.error.code !== 'PAUSED');
  }

  /** The status with which the run ends if nothing more can happen. */
  outcome(): {
    readonly status: Exclude<RunStatus, 'running'>;
    readonly error: ErrorData | undefined;
  } {
    if (this.halt !== undefined) return { status: this.halt.status, error: this.halt.error };
    if (this.count(Status.PENDING) + this.count(Status.READY) + this.count(Status.WAITING) > 0)
      return { status: 'paused', error: undefined };
    if (this.count(Status.FAILED) > 0) {
      const failure = this.#firstFailure();
      if (failure !== undefined) return { status: 'failed', error: failure };
    }
    return { status: 'succeeded', error: undefined };
  }

  count(status: Status): number {
    return this.counts[status] as number;
  }

  notesOf(n: number): NodeNotes {
    let notes = this.notes.get(n);
    if (notes === undefined) this.notes.set(n, (notes = newNotes()));
    return notes;
  }

  /** The state as JSON; `load` gives it back. */
  snapshot(): StateSnapshot {
    const { count } = this.topology;
    return {
      seq: this.seq,
      grown: this.topology.definitions.slice(this.#definition.count),
      addedBy: [...this.addedBy],
      status: packed(this.status, count),
      attempt: packed(this.attempt, count),
      startedAt: packed(this.startedAt, count),
      endedAt: packed(this.endedAt, count),
      notes: [...this.notes].map(([n, notes]) => [n, { ...notes, retries: [...notes.retries] }]),
      sessionStartedAt: this.sessionStartedAt,
      runStartedAt: this.runStartedAt,
      halt: this.halt ?? null,
      finished: this.finished ?? null,
      tokens: this.tokens,
      iterations: this.iterations,
      cacheHits: this.cacheHits,
      handlersPending: this.handlersPending,
      hooked: this.hooked,
      opened: this.#opened,
      hooksSeen: this.hooksSeen,
      hooksSeenParts: this.hooksSeenParts === Infinity ? null : this.hooksSeenParts,
      concluded: this.concluded,
      awaiting: [...this.awaiting],
      paused: [...this.paused.reasons()],
      waits: this.waits.snapshot(),
      disabled: this.disabledNodes(),
      commandRejections: [...this.commandRejections],
    };
  }

  /** Becomes the state that a snapshot of the same run tells of, whatever it was before. */
  load(snapshot: StateSnapshot): this {
    this.topology = this.#definition;
    this.#ownsTopology = false;
    if (snapshot.grown.length > 0) addNodes(this.ownTopology(), snapshot.grown, []);
    this.#reserve(this.topology.count);
    // What is beyond the nodes of the snapshot belongs to nodes to come.
    for (const array of [this.status, this.attempt, this.startedAt, this.endedAt]) array.fill(0);
    unpack(snapshot.status, this.status);
    unpack(snapshot.attempt, this.attempt);
    unpack(snapshot.startedAt, this.startedAt);
    unpack(snapshot.endedAt, this.endedAt);
    this.counts.fill(0);
    refill(this.notes, snapshot.notes, (notes) => ({ ...newNotes(), ...notes }));
    refill(this.addedBy, snapshot.addedBy);
    refill(this.awaiting, snapshot.awaiting);
    this.#disabled = snapshot.disabled.length === 0 ? undefined : new Map(snapshot.disabled);
    this.seq = snapshot.seq;
    this.sessionStartedAt = snapshot.sessionStartedAt;
    this.runStartedAt = snapshot.runStartedAt;
    this.halt = snapshot.halt ?? undefined;
    this.finished =
      snapshot.finished === null
        ? undefined
        : { ...snapshot.finished, error: snapshot.finished.error ?? undefined };
    this.tokens = snapshot.tokens;
    this.iterations = snapshot.iterations;
    this.cacheHits = snapshot.cacheHits;
    this.handlersPending = snapshot.handlersPending;
    this.hooked = snapshot.hooked;
    this.#opened = snapshot.opened;
    this.hooksSeen = snapshot.hooksSeen;
    this.hooksSeenParts = snapshot.hooksSeenParts ?? Infinity;
    this.concluded = snapshot.concluded;
    for (const root of this.paused.roots()) this.paused.release(root);
    for (const [root, reason] of snapshot.paused) this.paused.pause(root, reason, this.topology);
    this.waits.load(snapshot.waits);
    this.commandRejections.splice(0, Infinity, ...snapshot.commandRejections);
    this.consequences.length = 0;
    this.#told = 0;
    this.#countAnew();
    return this;
  }

  /** Counts nodes per status, what the pending ones wait for, and finds the ready ones. */
  #countAnew(): void {
    this.#ready = this.#ready.emptied(this.topology);
    for (let n = 0; n < this.topology.count; n++) {
      const status = this.status[n] as number;
      this.counts[status] = (this.counts[status] as number) + 1;
      if (status === Status.PENDING) this.#weigh(n, this.topology.count);
      else if (status === Status.READY) this.returnReady(n);
    }
  }

  /** Folds one event into the state. */
  apply(event: RunEvent): void {
    if (this.consequences.length > 0) {
      this.consequences.length = 0;
      this.#told = 0;
    }
    this.seq++;
    switch (event.type) {
      case 'NodeStarted':
        if (event.missed !== undefined) this.notesOf(event.n).missed = event.missed;
        return this.#started(event.n, event.at);
      case 'NodeCompleted': {
        const { n } = event;
        if (event.tokens !== undefined || event.metadata !== undefined || event.cached === true) {
          const notes = this.notesOf(n);
          notes.metadata = event.metadata;
          notes.cached = event.cached === true;
          if (event.cached === true) this.cacheHits++;
          this.#spend(n, event.tokens);
        }
        return this.#end(n, Status.SUCCEEDED, event.at);
      }
      case 'NodeRetrying': {
        const notes = this.notesOf(event.n);
        notes.retries.push({
          attempt: this.attempt[event.n] as number,
          startedAt: this.startedAt[event.n] as number,
          error: event.error,
          at: event.at,
          delay: event.delay,
        });
        this.#spend(event.n, event.tokens);
        return this.#set(event.n, Status.RETRYING);
      }
      case 'RetryDue':
        if (this.status[event.n] === Status.RETRYING) this.#makeReady(event.n);
        return;
      case 'NodeFailed':
        return this.#failed(event);
      case 'NodeSkipped':
        this.notesOf(event.n).reason = event.reason;
        this.#set(event.n, Status.SKIPPED);
        this.endedAt[event.n] = event.at;
        return this.#settle(event.n, event.at);
      case 'NodeCancelled': {
        const notes = this.notesOf(event.n);
        notes.reason = event.reason;
        notes.cancelledWithRun = true;
        this.waits.end(event.n);
        this.#set(event.n, Status.CANCELLED);
        this.endedAt[event.n] = event.at;
        return;
      }
      case 'HandlerCompleted':
        this.#spend(event.n, event.tokens);
        return this.#handled(event.n, { status: 'succeeded', outputs: event.outputs });
      case 'HandlerFailed':
        this.#spend(event.n, event.tokens);
        return this.#handled(event.n, { status: 'failed', error: event.error });
      case 'NodeWaiting': {
        const { n, request } = event;
        this.#spend(n, event.tokens);
        this.#set(n, Status.WAITING);
        this.waits.begin(n, request, event.at);
        const input = this.waits.take(n, request);
        if (input !== undefined) this.#answer(n, input);
        return;
      }
      case 'InputGiven':
        if (this.status[event.n] === Status.WAITING) this.#answer(event.n, event.input);
        else this.waits.keep(event.n, event.input);
        return;
      case 'WaitExpired':
        return this.#expire(event.n);
      case 'CacheUpdated': {
        const { namespace, key, value } = event;
        const woken = this.waits.wokenBy(namespace, key);
        for (const n of woken) this.#answer(n, byValue(namespace, key, value));
        if (woken.length === 0) this.waits.keepValue(namespace, key, value);
        return;
      }
      case 'RunPausing':
        this.halt ??= { status: 'paused', error: event.error };
        return;
      case 'NodesAdded':
        return this.#grow(event.nodes, event.at, event.by);
      case 'InputsSet': {
        const notes = this.notesOf(event.n);
        notes.inputs = { ...notes.inputs, ...event.inputs };
        return;
      }
      case 'BranchPaused':
        this.paused.pause(event.n, event.reason, this.topology);
        return;
      case 'BranchResumed':
        return this.#resumeBranch(event.n);
      case 'BranchCancelled':
        return this.#cancelBranch(event.n, event.at, event.reason);
      case 'NodesEnabled':
        return this.#setDisabled(event.ns, false, event.at);
      case 'NodesDisabled':
        return this.#setDisabled(event.ns, true, event.at);
      case 'CommandRejected':
        this.commandRejections.push({ at: event.at, by: event.by, error: event.error });
        return;
      case 'HooksConcluded':
        this.concluded = true;
        return;
      case 'HooksSeen':
        return this.#seen(event.seq, event.parts, event.at);
      case 'LimitReached':
        this.halt ??= {
          status: 'limit_reached',
          error: {
            code: 'LIMIT_REACHED',
            name: 'DaggerError',
            message: `${event.limit} reached: ${event.used} used, ${event.bound} allowed`,
            retryable: false,
          },
        };
        return;
      case 'RunStopping':
        // Being told to stop outranks a pause or a failure that was about to end the run.
        this.halt = { status: event.why, error: event.error };
        return;
      case 'RunStarted':
        this.hooked = event.hooked;
        this.runStartedAt = event.at;
        this.sessionStartedAt = event.at;
        // With hooks, the first nodes wait until those were told of the start and their commands are carried out.
        if (!event.hooked) this.#openPending(event.at);
        return;
      case 'RunForked':
        this.load(event.state);
        return this.#recount(event.at);
      case 'RunResumed':
        return this.#resume(event);
      case 'RunFinished':
        this.finished = { status: event.status, error: event.error, at: event.at };
        return;
      case 'CustomEvent':
        return;
      default: {
        const never: never = event;
        return never;
      }
    }
  }

  #set(n: number, status: Status): void {
    const before = this.status[n] as number;
    this.counts[before] = (this.counts[before] as number) - 1;
    this.counts[status] = (this.counts[status] as number) + 1;
    this.status[n] = status;
  }

  #started(n: number, at: number): void {
    this.concluded = false;
    this.#set(n, Status.RUNNING);
    this.startedAt[n] = at;
    const notes = this.notes.size === 0 ? undefined : this.notes.get(n);
    if (notes?.answered === true) {
      // The attempt that asked goes on; this is not another one.
      notes.answered = false;
      return;
    }
    const attempt = (this.attempt[n] as number) + 1;
    this.attempt[n] = attempt;
    if (attempt === 1 && this.topology.action[n] === this.topology.supervisor) this.iterations++;
  }

  #end(n: number, status: Status, at: number): void {
    this.#set(n, status);
    this.endedAt[n] = at;
    if (this.hooked) this.awaiting.set(n, this.seq);
    else this.#settle(n, at);
  }

  #failed(event: RunEvent & { readonly type: 'NodeFailed' }): void {
    const { n } = event;
    const definition = this.topology.definitions[n] as NodeDefinition;
    const notes = this.notesOf(n);
    notes.error = event.error;
    notes.metadata = event.metadata;
    this.#spend(n, event.tokens);
    if (definition.failure !== undefined) {
      notes.handler = { status: 'pending' };
      this.handlersPending++;
    }
    // A rejection is a decision, not a mishap: it ends its own branch and holds up no other. What a supervisor's step
    // waits for fails before its eyes: the planner decides what follows.
    const lets = event.error.code === 'REJECTED' || !this.topology.supervisorsOf(n).next().done;
    const usual = lets ? 'continue' : this.#config.onFailure;
    const policy = definition.onfailure === false ? 'stop' : usual;
    if (
      policy !== 'continue' &&
      (this.halt === undefined || (policy === 'stop' && this.halt.status === 'paused'))
    ) {
      this.halt = { status: policy === 'stop' ? 'failed' : 'paused', error: event.error };
    }
    this.#end(n, Status.FAILED, event.at);
  }

  /** Ends the wait of a node with an answer. A rejection that fails the node is followed by its failure. */
  #answer(n: number, answer: WaitAnswer): void {
    const wait = this.waits.get(n);
    const notes = this.notesOf(n);
    notes.answer = answer;
    this.waits.end(n);
    if (answer.decision === 'reject' && wait?.request.onReject === 'fail') return;
    notes.answered = true;
    this.#makeReady(n);
  }

  /** Whether a node that waited was rejected and is to fail. */
  isRejected(n: number): boolean {
    return this.status[n] === Status.WAITING && this.waits.get(n) === undefined;
  }

  #expire(n: number): void {
    const wait = this.waits.get(n);
    if (wait === undefined) return;
    if (wait.request.onTimeout === 'pause') return this.waits.expire(n);
    const reason = 'nobody answered in time';
    this.#answer(n, { decision: 'autopilot', data: null, reason, by: null });
  }

  #handled(n: number, handler: HandlerNote): void {
    const notes = this.notesOf(n);
    if (notes.handler?.status === 'pending') this.handlersPending--;
    notes.handler = handler;
  }

  #spend(n: number, tokens: number | undefined): void {
    if (tokens === undefined) return;
    this.notesOf(n).tokens += tokens;
    this.tokens += tokens;
  }

  /** Tells the dependents of a node that it settled, and those that are skipped for it in turn. */
  #settle(n: number, at: number): void {
    this.#tell(n, at);
    this.#tellSkipped(at);
  }

  #tell(n: number, at: number): void {
    const { firstEdge, nextEdge, target, optional } = this.topology;
    const unsettled = this.#unsettled;
    for (let e = firstEdge[n] as number; e !== -1; e = nextEdge[e] as number) {
      const to = target[e] as number;
      unsettled[to] = (unsettled[to] as number) - 1;
      this.#account(to, n, optional[e] === 1, at);
    }
  }

  /** One row of the table above, for a dependency that is no longer counted in `unsettled`. */
  #account(to: number, from: number, optional: boolean, at: number): void {
    if (this.status[to] !== Status.PENDING) return;
    const succeeded = this.status[from] === Status.SUCCEEDED;
    if (((this.topology.flags[to] as number) & NodeFlag.COUNTED) !== 0) {
      if (succeeded) this.#need[to] = (this.#need[to] as number) - 1;
      if ((this.#need[to] as number) <= 0) this.#open(to, at);
      else if ((this.#need[to] as number) > (this.#unsettled[to] as number))
        this.#skip(to, SKIP_REASON[this.status[from] as number] ?? 'dependency-failed', at);
      return;
    }
    if (!optional) {
      if (!succeeded)
        return this.#skip(to, SKIP_REASON[this.status[from] as number] as SkipReason, at);
      this.#need[to] = (this.#need[to] as number) - 1;
    }
    if (this.#unsettled[to] === 0 && (this.#need[to] as number) <= 0) this.#open(to, at);
  }

  /** The turn of a node has come. */
  #open(n: number, at: number): void {
    if (this.isDisabled(n)) this.#skip(n, 'disabled', at);
    else this.#makeReady(n);
  }

  #makeReady(n: number): void {
    this.#set(n, Status.READY);
    this.returnReady(n);
  }

  #skip(n: number, reason: SkipReason, at: number): void {
    this.#set(n, Status.SKIPPED);
    this.endedAt[n] = at;
    this.notesOf(n).reason = reason;
    this.consequences.push(n);
  }

  /** Opens every pending node whose dependencies allow it. */
  #openPending(at: number): void {
    this.#opened = true;
    for (let n = 0; n < this.topology.count; n++) {
      if (
        this.status[n] === Status.PENDING &&
        this.#unsettled[n] === 0 &&
        (this.#need[n] as number) <= 0
      )
        this.#open(n, at);
    }
    this.#tellSkipped(at);
  }

  /** Skipped nodes land in `consequences` and tell their dependents from there, so that a long cascade needs no stack. */
  #tellSkipped(at: number): void {
    while (this.#told < this.consequences.length)
      this.#tell(this.consequences[this.#told++] as number, at);
  }

  /** The topology, made this run's own if it still was that of the definition, so that it may grow. */
  ownTopology(): Topology {
    if (!this.#ownsTopology) {
      this.topology = this.topology.fork();
      this.#ownsTopology = true;
    }
    return this.topology;
  }

  #grow(nodes: readonly NodeDefinition[], at: number, by: number | undefined): void {
    this.concluded = false;
    this.ownTopology();
    const first = this.topology.count;
    const problems: Problems = [];
    addNodes(this.topology, nodes, problems);
    this.#reserve(this.topology.count);
    this.counts[Status.PENDING] = (this.counts[Status.PENDING] as number) + nodes.length;
    this.#ready.grow(this.topology, (n) => !isSettled(this.status[n] as number));
    const added: number[] = [];
    for (let n = first; n < this.topology.count; n++) {
      this.paused.adopt(n, this.topology);
      if (by !== undefined) this.addedBy.set(n, by);
      added.push(n);
    }
    this.#bringUp(added, first, at);
  }

  /**
   * Brings pending nodes up to what their dependencies have become so far. All are weighed before anything follows from
   * it; what follows is then told among them like at any other time.
   */
  #bringUp(ns: readonly number[], bound: number, at: number): void {
    const verdicts = ns.map((n) => this.#weigh(n, bound));
    for (let i = 0; i < ns.length; i++) {
      const verdict = verdicts[i];
      if (verdict === 'open') this.#open(ns[i] as number, at);
      else if (verdict !== undefined) this.#skip(ns[i] as number, verdict, at);
    }
    this.#tellSkipped(at);
  }

  /** Counts what a node waits for, from its settled dependencies numbered below `bound`; whether it may run or is skipped. */
  #weigh(n: number, bound: number): SkipReason | 'open' | undefined {
    let unsettled = this.topology.dependencyCount[n] as number;
    let need = this.topology.need[n] as number;
    let bad: SkipReason | undefined;
    for (const { node: from, optional } of unsettled === 0 ? [] : this.topology.dependenciesOf(n)) {
      if (from >= bound || !this.isSettledForDependents(from)) continue;
      unsettled--;
      if (this.status[from] === Status.SUCCEEDED) need -= optional ? 0 : 1;
      else if (!optional) bad ??= SKIP_REASON[this.status[from] as number];
    }
    this.#unsettled[n] = unsettled;
    this.#need[n] = need;
    const counted = ((this.topology.flags[n] as number) & NodeFlag.COUNTED) !== 0;
    if (need <= 0 && (counted || unsettled === 0)) return 'open';
    return !counted || need > unsettled ? bad : undefined;
  }

  /** Settled, and the hooks have seen it. */
  isSettledForDependents(n: number): boolean {
    if (this.awaiting.has(n)) return false;
    const status = this.status[n] as number;
    // Cancelled with its run, a node may yet get another chance: nobody is skipped for it.
    return (
      isSettled(status) &&
      !(status === Status.CANCELLED && this.notes.get(n)?.cancelledWithRun === true)
    );
  }

  #reserve(length: number): void {
    if (length <= this.status.length) return;
    const room = Math.max(length, this.status.length * 2, 16);
    const wider = <
      A extends
        | Uint8Array<ArrayBuffer>
        | Uint16Array<ArrayBuffer>
        | Int32Array<ArrayBuffer>
        | Float64Array<ArrayBuffer>,
    >(
      from: A,
      to: A,
    ): A => {
      to.set(from);
      return to;
    };
    this.status = wider(this.status, new Uint8Array(room));
    this.attempt = wider(this.attempt, new Uint16Array(room));
    this.startedAt = wider(this.startedAt, new Float64Array(room));
    this.endedAt = wider(this.endedAt, new Float64Array(room));
    this.#unsettled = wider(this.#unsettled, new Int32Array(room));
    this.#need = wider(this.#need, new Int32Array(room));
  }

  #resumeBranch(n: number): void {
    for (const member of this.paused.release(n))
      if (this.status[member] === Status.READY) this.returnReady(member);
  }

  #cancelBranch(root: number, at: number, reason: string | null): void {
    this.paused.release(root);
    for (const n of this.topology.branchOf(root)) {
      if (isSettled(this.status[n] as number)) continue;
      this.waits.end(n);
      this.#set(n, Status.CANCELLED);
      this.endedAt[n] = at;
      this.notesOf(n).reason = reason ?? 'branch cancelled';
      this.consequences.push(n);
    }
    // Whoever depends on a cancelled node is in the branch too, so there is nobody left to tell.
    this.#told = this.consequences.length;
  }

  #setDisabled(ns: readonly number[], disabled: boolean, at: number): void {
    this.#disabled ??= new Map();
    for (const n of ns) {
      this.#disabled.set(n, disabled);
      // Its turn has come already, though it has not started.
      if (disabled && this.status[n] === Status.READY) this.#skip(n, 'disabled', at);
    }
    this.#tellSkipped(at);
  }

  #seen(seq: number, parts: number | undefined, at: number): void {
    if (!this.#opened) this.#openPending(at);
    this.hooksSeen = seq;
    this.hooksSeenParts = parts ?? Infinity;
    for (const [n, settledAt] of this.awaiting) {
      if (settledAt > seq) break;
      this.awaiting.delete(n);
      this.#settle(n, at);
    }
  }

  #resume(event: RunEvent & { readonly type: 'RunResumed' }): void {
    this.sessionStartedAt = event.at;
    // A session that came to its end asks again at the next.
    if (this.finished !== undefined) this.concluded = false;
    this.finished = undefined;
    this.hooked = event.hooked;
    // A stop that the session did not live to finish is over with the session.
    const stopped =
      this.halt?.status === 'cancelled' ||
      this.halt?.status === 'timed_out' ||
      this.halt?.error.code === 'HOOK_FAILED' ||
      this.halt?.error.code === 'PAUSED';
    if (event.retry || stopped) this.halt = undefined;
    // Whether dependents were told of less, or of more, than what is so now.
    let untold = !this.#opened || (!event.hooked && this.awaiting.size > 0);
    for (let n = 0; n < this.topology.count; n++) {
      const status = this.status[n] as number;
      if (status === Status.RUNNING) this.#makeReady(n);
      else if ((event.retry || stopped) && this.#deservesAnotherChance(n, event.retry)) {
        this.#reopen(n);
        untold = true;
      }
    }
    if (!event.hooked) this.awaiting.clear();
    if (untold && (this.#opened || !event.hooked)) this.#recount(event.at);
  }

  #deservesAnotherChance(n: number, retry: boolean): boolean {
    const notes = this.notes.get(n);
    switch (this.status[n]) {
      case Status.CANCELLED:
        return notes?.cancelledWithRun === true;
      case Status.FAILED:
        return retry;
      case Status.SKIPPED:
        return retry && notes?.reason?.startsWith('dependency-') === true;
      default:
        return false;
    }
  }

  #reopen(n: number): void {
    this.awaiting.delete(n);
    const notes = this.notesOf(n);
    // An answer for a node that could not ask yet is kept for when it does.
    if (this.status[n] === Status.FAILED) this.waits.forget(n);
    if (notes.handler?.status === 'pending') this.handlersPending--;
    if (notes.error !== undefined) {
      // The failure that ended the session before stays in the history of the node.
      const { [n]: attempt = 0 } = this.attempt;
      const { [n]: startedAt = 0 } = this.startedAt;
      const { [n]: at = 0 } = this.endedAt;
      notes.retries.push({ attempt, startedAt, error: notes.error, at, delay: 0 });
    }
    notes.error = undefined;
    notes.reason = undefined;
    notes.handler = undefined;
    notes.cancelledWithRun = false;
    notes.budgetFrom = notes.retries.length;
    notes.answer = undefined;
    notes.answered = false;
    this.#set(n, Status.PENDING);
    this.endedAt[n] = 0;
  }

  /** Counts anew what every pending node waits for. */
  #recount(at: number): void {
    this.#opened = true;
    const pending: number[] = [];
    for (let n = 0; n < this.topology.count; n++)
      if (this.status[n] === Status.PENDING) pending.push(n);
    this.#bringUp(pending, this.topology.count, at);
  }

  /** The first failure that no planner took up. */
  #firstFailure(): ErrorData | undefined {
    for (const [n, notes] of this.notes)
      if (this.status[n] === Status.FAILED && !this.#isTakenUp(n)) return notes.error;
    return undefined;
  }

  /** Whether a supervisor's step was told of the end of a node, and planned on. */
  #isTakenUp(n: number): boolean {
    for (const step of this.topology.supervisorsOf(n))
      if (this.status[step] === Status.SUCCEEDED) return true;
    return false;
  }
}

const refill = <K, V, F = V>(
  map: Map<K, V>,
  entries: readonly (readonly [K, F])[],
  read: (value: F) => V = (value) => value as unknown as V,
): void => {
  map.clear();
  for (const [key, value] of entries) map.set(key, read(value));
};
