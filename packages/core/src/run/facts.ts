import type { ErrorData } from '../errors.ts';
import type { Topology } from '../graph/topology.ts';
import { Answers } from './answers.ts';
import { Cascade } from './cascade.ts';
import { DependencyCounts } from './dependency-counts.ts';
import { outcomeOf, retriesOnResume, type Finish, type Halt, type Outcome } from './ending.ts';
import { NodeLifecycle } from './node-lifecycle.ts';
import { RunNodes } from './nodes.ts';
import type { NodeNotes } from './notes.ts';
import { PausedBranches } from './paused-branches.ts';
import { ReadyNodes } from './ready-nodes.ts';
import type { Levels } from './schedule.ts';
import type { StateSnapshot } from './snapshot.ts';
import type { Status } from './status.ts';
import { Waits } from './waits.ts';

/** A command that was refused. */
export interface CommandRejection {
  readonly at: number;
  readonly by: string;
  readonly error: ErrorData;
}

/**
 * What is so in a run: of its nodes, which are numbers here, each of the parts knows something; what is so of the run as a
 * whole is noted here. Everything can be read, and taken along as a snapshot; `RunState` says how it changes.
 */
export class RunFacts {
  /** Sequence number of the latest event that the journal keeps; the first is 1. */
  seq = 0;
  sessionStartedAt = 0;
  runStartedAt = 0;
  halt: Halt | undefined;
  finished: Finish | undefined;
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

  protected readonly nodes: RunNodes;
  protected readonly ready: ReadyNodes;
  protected readonly dependencies: DependencyCounts;
  protected readonly cascade: Cascade;
  protected readonly lifecycle: NodeLifecycle;
  protected readonly answers: Answers;

  constructor(topology: Topology) {
    this.nodes = new RunNodes(topology);
    this.ready = new ReadyNodes(this.nodes, this.paused);
    this.dependencies = new DependencyCounts(this.nodes, this.awaiting);
    this.cascade = new Cascade(this.nodes, this.ready, this.dependencies);
    this.lifecycle = new NodeLifecycle(this.nodes, this.ready, this.waits);
    this.answers = new Answers(this.nodes, this.ready, this.waits);
  }

  get topology(): Topology {
    return this.nodes.topology;
  }

  get nodeCount(): number {
    return this.nodes.topology.count;
  }

  get status(): Uint8Array<ArrayBuffer> {
    return this.nodes.status;
  }

  /** Number of the latest attempt; 0 before the first. */
  get attempt(): Uint16Array<ArrayBuffer> {
    return this.nodes.attempt;
  }

  /** Milliseconds since the Unix epoch; 0 where it has not happened. */
  get startedAt(): Float64Array<ArrayBuffer> {
    return this.nodes.startedAt;
  }

  get endedAt(): Float64Array<ArrayBuffer> {
    return this.nodes.endedAt;
  }

  /** Nodes per status. */
  get counts(): Int32Array<ArrayBuffer> {
    return this.nodes.counts;
  }

  get notes(): ReadonlyMap<number, NodeNotes> {
    return this.nodes.notes;
  }

  get tokens(): number {
    return this.lifecycle.tokens;
  }

  get iterations(): number {
    return this.lifecycle.iterations;
  }

  get cacheHits(): number {
    return this.lifecycle.cacheHits;
  }

  /** Nodes that the latest event skipped or cancelled along the way; the coordinator tells watchers. */
  get consequences(): readonly number[] {
    return this.cascade.consequences;
  }

  /** Whether going on with the run gives failed nodes another chance: not when it only paused, or was cut off. */
  get retriesOnResume(): boolean {
    return retriesOnResume(this.finished, this.halt);
  }

  /** The status with which the run ends if nothing more can happen. */
  outcome(): Outcome {
    return outcomeOf(this.nodes, this.halt);
  }

  count(status: Status): number {
    return this.nodes.count(status);
  }

  /** Takes the next node that may start, by `rank` or else in the order of definition; -1 when there is none. */
  takeReady(): number {
    return this.ready.take();
  }

  /** Puts back a node that was taken and not started. */
  returnReady(n: number): void {
    this.ready.putBack(n);
  }

  /** Lets ready nodes start by their levels; undefined: in the order of definition. */
  rank(levels: Levels | undefined): void {
    this.ready.rank(levels);
  }

  /** Nodes that were enabled or disabled by a command. */
  disabledNodes(): [n: number, disabled: boolean][] {
    return this.nodes.disabled();
  }

  /** Failed attempts of this session and the ones before that count against the attempts of the node. */
  failedAttempts(n: number): number {
    return this.lifecycle.failedAttempts(n);
  }

  /** Whether a node that waited was rejected and is to fail. */
  isRejected(n: number): boolean {
    return this.answers.isRejected(n);
  }

  /** The topology, made this run's own if it still was that of the definition, so that it may grow. */
  ownTopology(): Topology {
    return this.nodes.ownTopology();
  }

  /** The state as JSON; `load` gives it back. */
  snapshot(): StateSnapshot {
    return {
      seq: this.seq,
      ...this.nodes.snapshot(),
      ...this.lifecycle.snapshot(),
      addedBy: [...this.addedBy],
      sessionStartedAt: this.sessionStartedAt,
      runStartedAt: this.runStartedAt,
      halt: this.halt ?? null,
      finished: this.finished ?? null,
      hooked: this.hooked,
      opened: this.cascade.opened,
      hooksSeen: this.hooksSeen,
      hooksSeenParts: this.hooksSeenParts === Infinity ? null : this.hooksSeenParts,
      concluded: this.concluded,
      awaiting: [...this.awaiting],
      paused: [...this.paused.reasons()],
      waits: this.waits.snapshot(),
      commandRejections: [...this.commandRejections],
    };
  }

  /** Becomes the state that a snapshot of the same run tells of, whatever it was before. */
  load(snapshot: StateSnapshot): this {
    const { halt, finished } = snapshot;
    this.nodes.load(snapshot);
    this.lifecycle.load(snapshot);
    refill(this.addedBy, snapshot.addedBy);
    refill(this.awaiting, snapshot.awaiting);
    this.seq = snapshot.seq;
    this.sessionStartedAt = snapshot.sessionStartedAt;
    this.runStartedAt = snapshot.runStartedAt;
    this.halt = halt ?? undefined;
    this.finished =
      finished === null ? undefined : { ...finished, error: finished.error ?? undefined };
    this.hooked = snapshot.hooked;
    this.hooksSeen = snapshot.hooksSeen;
    this.hooksSeenParts = snapshot.hooksSeenParts ?? Infinity;
    this.concluded = snapshot.concluded;
    for (const root of this.paused.roots()) this.paused.release(root);
    for (const [root, reason] of snapshot.paused) this.paused.pause(root, reason, this.topology);
    this.waits.load(snapshot.waits);
    this.commandRejections.splice(0, Infinity, ...snapshot.commandRejections);
    this.cascade.begin();
    this.cascade.opened = snapshot.opened;
    this.dependencies.load();
    this.ready.load();
    return this;
  }
}

const refill = <K, V>(map: Map<K, V>, entries: readonly (readonly [K, V])[]): void => {
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
};
