import { addNodes } from '../graph/compile.ts';
import type { NodeDefinition } from '../graph/model.ts';
import { NodeFlag, type Topology } from '../graph/topology.ts';
import { newNotes, type NodeNotes } from './notes.ts';
import { packed, unpack, type NodesSnapshot } from './snapshot.ts';
import { Status, STATUS_NAMES } from './status.ts';

/** The nodes of a run by number: how they are defined, and what became of them, in flat arrays. A part of the run state. */
export class RunNodes {
  topology: Topology;
  status: Uint8Array<ArrayBuffer>;
  attempt: Uint16Array<ArrayBuffer>;
  startedAt: Float64Array<ArrayBuffer>;
  endedAt: Float64Array<ArrayBuffer>;
  readonly counts: Int32Array<ArrayBuffer> = new Int32Array(STATUS_NAMES.length);
  readonly notes: Map<number, NodeNotes> = new Map();
  readonly #definition: Topology;
  #ownsTopology = false;
  #disabled: Map<number, boolean> | undefined;

  constructor(topology: Topology) {
    const { count } = topology;
    this.topology = topology;
    this.#definition = topology;
    this.status = new Uint8Array(count);
    this.attempt = new Uint16Array(count);
    this.startedAt = new Float64Array(count);
    this.endedAt = new Float64Array(count);
    this.counts[Status.PENDING] = count;
  }

  count(status: Status): number {
    return this.counts[status] as number;
  }

  notesOf(n: number): NodeNotes {
    let notes = this.notes.get(n);
    if (notes === undefined) this.notes.set(n, (notes = newNotes()));
    return notes;
  }

  set(n: number, status: Status): void {
    const before = this.status[n] as number;
    this.counts[before] = (this.counts[before] as number) - 1;
    this.counts[status] = (this.counts[status] as number) + 1;
    this.status[n] = status;
  }

  /** A node comes to a status in which nothing more happens to it. */
  end(n: number, status: Status, at: number): void {
    this.set(n, status);
    this.endedAt[n] = at;
  }

  isDisabled(n: number): boolean {
    return this.#disabled?.get(n) ?? ((this.topology.flags[n] as number) & NodeFlag.DISABLED) !== 0;
  }

  disable(n: number, disabled: boolean): void {
    (this.#disabled ??= new Map()).set(n, disabled);
  }

  /** Nodes that were enabled or disabled by a command. */
  disabled(): [n: number, disabled: boolean][] {
    return [...(this.#disabled ?? [])];
  }

  /** The topology, made this run's own if it still was that of the definition, so that it may grow. */
  ownTopology(): Topology {
    if (!this.#ownsTopology) {
      this.topology = this.topology.fork();
      this.#ownsTopology = true;
    }
    return this.topology;
  }

  /** Adds pending nodes. */
  grow(nodes: readonly NodeDefinition[]): void {
    addNodes(this.ownTopology(), nodes, []);
    this.#reserve(this.topology.count);
    this.counts[Status.PENDING] = (this.counts[Status.PENDING] as number) + nodes.length;
  }

  snapshot(): NodesSnapshot {
    const { count } = this.topology;
    return {
      grown: this.topology.definitions.slice(this.#definition.count),
      status: packed(this.status, count),
      attempt: packed(this.attempt, count),
      startedAt: packed(this.startedAt, count),
      endedAt: packed(this.endedAt, count),
      notes: [...this.notes].map(([n, notes]) => [n, { ...notes, retries: [...notes.retries] }]),
      disabled: this.disabled(),
    };
  }

  load(snapshot: NodesSnapshot): void {
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
    this.notes.clear();
    for (const [n, notes] of snapshot.notes) this.notes.set(n, { ...newNotes(), ...notes });
    this.#disabled = snapshot.disabled.length === 0 ? undefined : new Map(snapshot.disabled);
    this.counts.fill(0);
    for (let n = 0; n < this.topology.count; n++) {
      const status = this.status[n] as number;
      this.counts[status] = (this.counts[status] as number) + 1;
    }
  }

  #reserve(length: number): void {
    if (length <= this.status.length) return;
    const room = Math.max(length, this.status.length * 2, 16);
    this.status = wider(this.status, new Uint8Array(room));
    this.attempt = wider(this.attempt, new Uint16Array(room));
    this.startedAt = wider(this.startedAt, new Float64Array(room));
    this.endedAt = wider(this.endedAt, new Float64Array(room));
  }
}

const wider = <
  A extends Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Float64Array<ArrayBuffer>,
>(
  from: A,
  to: A,
): A => {
  to.set(from);
  return to;
};
