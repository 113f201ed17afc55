import type { DependencyCounts, Verdict } from './dependency-counts.ts';
import type { RunNodes } from './nodes.ts';
import type { ReadyNodes } from './ready-nodes.ts';
import { Status, type SkipReason } from './status.ts';

/**
 * What the end of a node brings about: dependents whose turn has come, and others that are skipped, for whom the same
 * holds. A part of the run state.
 */
export class Cascade {
  /** Nodes that the latest event skipped or cancelled along the way. */
  readonly consequences: number[] = [];
  /** Whether the first nodes were opened; hooks are told of the start before. */
  opened = false;
  readonly #nodes: RunNodes;
  readonly #ready: ReadyNodes;
  readonly #counts: DependencyCounts;
  /** How many of `consequences` have told their dependents. */
  #told = 0;

  constructor(nodes: RunNodes, ready: ReadyNodes, counts: DependencyCounts) {
    this.#nodes = nodes;
    this.#ready = ready;
    this.#counts = counts;
  }

  /** Forgets what followed from the event before. */
  begin(): void {
    if (this.consequences.length === 0) return;
    this.consequences.length = 0;
    this.#told = 0;
  }

  /** Tells the dependents of a node that it settled, and those that are skipped for it in turn. */
  settle(n: number, at: number): void {
    this.#tell(n, at);
    this.#tellSkipped(at);
  }

  /** Opens every pending node whose dependencies allow it. */
  open(at: number): void {
    this.opened = true;
    const { topology, status } = this.#nodes;
    for (let n = 0; n < topology.count; n++)
      if (status[n] === Status.PENDING && this.#counts.isMet(n)) this.#follow(n, 'open', at);
    this.#tellSkipped(at);
  }

  /** Counts anew what every pending node waits for, and does what follows. */
  recount(at: number): void {
    this.opened = true;
    const { topology, status } = this.#nodes;
    const pending: number[] = [];
    for (let n = 0; n < topology.count; n++) if (status[n] === Status.PENDING) pending.push(n);
    this.#bringUp(pending, topology.count, at);
  }

  /** The graph has grown by the nodes from `first` on. */
  grow(first: number, at: number): void {
    this.#counts.reserve();
    const added: number[] = [];
    for (let n = first; n < this.#nodes.topology.count; n++) added.push(n);
    this.#bringUp(added, first, at);
  }

  /** Cancels nodes. Whoever depends on one of them must be among them too, so that there is nobody to tell. */
  cancel(ns: readonly number[], at: number, reason: string): void {
    for (const n of ns) {
      this.#nodes.end(n, Status.CANCELLED, at);
      this.#nodes.notesOf(n).reason = reason;
      this.#told = this.consequences.push(n);
    }
  }

  /** Switches nodes off, or on again. */
  disable(ns: readonly number[], disabled: boolean, at: number): void {
    for (const n of ns) {
      this.#nodes.disable(n, disabled);
      // Its turn has come already, though it has not started.
      if (disabled && this.#nodes.status[n] === Status.READY) this.#skip(n, 'disabled', at);
    }
    this.#tellSkipped(at);
  }

  #tell(n: number, at: number): void {
    const { firstEdge, nextEdge, target, optional } = this.#nodes.topology;
    const counts = this.#counts;
    for (let e = firstEdge[n] as number; e !== -1; e = nextEdge[e] as number) {
      const to = target[e] as number;
      const verdict = counts.settled(to, n, optional[e] === 1);
      if (verdict !== undefined) this.#follow(to, verdict, at);
    }
  }

  #follow(n: number, verdict: Exclude<Verdict, undefined>, at: number): void {
    if (verdict !== 'open') this.#skip(n, verdict, at);
    else if (this.#nodes.isDisabled(n)) this.#skip(n, 'disabled', at);
    else this.#ready.add(n);
  }

  #skip(n: number, reason: SkipReason, at: number): void {
    this.#nodes.end(n, Status.SKIPPED, at);
    this.#nodes.notesOf(n).reason = reason;
    this.consequences.push(n);
  }

  /** Skipped nodes land in `consequences` and tell their dependents from there, so that a long cascade needs no stack. */
  #tellSkipped(at: number): void {
    while (this.#told < this.consequences.length)
      this.#tell(this.consequences[this.#told++] as number, at);
  }

  /**
   * Brings pending nodes up to what their dependencies have become so far. All are weighed before anything follows from
   * it; what follows is then told among them like at any other time.
   */
  #bringUp(ns: readonly number[], bound: number, at: number): void {
    const verdicts = ns.map((n) => this.#counts.weigh(n, bound));
    for (let i = 0; i < ns.length; i++) {
      const verdict = verdicts[i];
      if (verdict !== undefined) this.#follow(ns[i] as number, verdict, at);
    }
    this.#tellSkipped(at);
  }
}
