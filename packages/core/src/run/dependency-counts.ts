import { NodeFlag } from '../graph/topology.ts';
import type { RunNodes } from './nodes.ts';
import { isSettled, Status, type SkipReason } from './status.ts';

/** What has become of a pending node: its turn has come, or it is skipped; undefined while it waits on. */
export type Verdict = 'open' | SkipReason | undefined;

const SKIP_REASON: { readonly [status: number]: SkipReason } = {
  [Status.FAILED]: 'dependency-failed',
  [Status.SKIPPED]: 'dependency-skipped',
  [Status.CANCELLED]: 'dependency-cancelled',
};

/**
 * What nodes wait for, and what a settled dependency means for a node (`need` counts the successes still missing,
 * `unsettled` the dependencies still open). A part of the run state:
 *
 * | dependency       | join all, required | join all, optional | join any / at least n                |
 * |------------------|--------------------|--------------------|--------------------------------------|
 * | succeeded        | one need less      | nothing            | one need less                        |
 * | failed, skipped, | skipped            | nothing            | skipped once need exceeds unsettled  |
 * | cancelled        |                    |                    |                                      |
 * | ready when       | need 0, unsettled 0                     | need 0                               |
 */
export class DependencyCounts {
  readonly #nodes: RunNodes;
  /** Settled nodes whose dependents are still to be told. */
  readonly #untold: ReadonlyMap<number, unknown>;
  #unsettled: Int32Array<ArrayBuffer>;
  #need: Int32Array<ArrayBuffer>;

  constructor(nodes: RunNodes, untold: ReadonlyMap<number, unknown>) {
    const { count, dependencyCount, need } = nodes.topology;
    this.#nodes = nodes;
    this.#untold = untold;
    this.#unsettled = dependencyCount.slice(0, count);
    this.#need = need.slice(0, count);
  }

  /** A dependency of a node has settled: one row of the table above. */
  settled(to: number, from: number, optional: boolean): Verdict {
    const unsettled = (this.#unsettled[to] as number) - 1;
    this.#unsettled[to] = unsettled;
    const { status, topology } = this.#nodes;
    if (status[to] !== Status.PENDING) return undefined;
    const succeeded = status[from] === Status.SUCCEEDED;
    let need = this.#need[to] as number;
    if (((topology.flags[to] as number) & NodeFlag.COUNTED) !== 0) {
      if (succeeded) this.#need[to] = --need;
      if (need <= 0) return 'open';
      if (need <= unsettled) return undefined;
      return SKIP_REASON[status[from] as number] ?? 'dependency-failed';
    }
    if (!optional) {
      if (!succeeded) return SKIP_REASON[status[from] as number];
      this.#need[to] = --need;
    }
    return unsettled === 0 && need <= 0 ? 'open' : undefined;
  }

  /** Whether a pending node waits for nothing. */
  isMet(n: number): boolean {
    return this.#unsettled[n] === 0 && (this.#need[n] as number) <= 0;
  }

  /** Counts what a node waits for, from its settled dependencies numbered below `bound`. */
  weigh(n: number, bound: number): Verdict {
    const { status, topology } = this.#nodes;
    let unsettled = topology.dependencyCount[n] as number;
    let need = topology.need[n] as number;
    let bad: SkipReason | undefined;
    for (const { node: from, optional } of unsettled === 0 ? [] : topology.dependenciesOf(n)) {
      if (from >= bound || !this.#isSettled(from)) continue;
      unsettled--;
      if (status[from] === Status.SUCCEEDED) need -= optional ? 0 : 1;
      else if (!optional) bad ??= SKIP_REASON[status[from] as number];
    }
    this.#unsettled[n] = unsettled;
    this.#need[n] = need;
    const counted = ((topology.flags[n] as number) & NodeFlag.COUNTED) !== 0;
    if (need <= 0 && (counted || unsettled === 0)) return 'open';
    return !counted || need > unsettled ? bad : undefined;
  }

  /** Makes room for the nodes that there are now; those without counts are to be weighed. */
  reserve(): void {
    const { count } = this.#nodes.topology;
    if (count <= this.#need.length) return;
    const room = Math.max(count, this.#need.length * 2, 16);
    const [unsettled, need] = [new Int32Array(room), new Int32Array(room)];
    unsettled.set(this.#unsettled);
    need.set(this.#need);
    this.#unsettled = unsettled;
    this.#need = need;
  }

  /** Counts anew what every pending node waits for. */
  load(): void {
    this.reserve();
    const { status, topology } = this.#nodes;
    for (let n = 0; n < topology.count; n++)
      if (status[n] === Status.PENDING) this.weigh(n, topology.count);
  }

  /** Settled, and dependents have been told. */
  #isSettled(n: number): boolean {
    if (this.#untold.has(n)) return false;
    const status = this.#nodes.status[n] as number;
    // Cancelled with its run, a node may yet get another chance: nobody is skipped for it.
    return (
      isSettled(status) &&
      !(status === Status.CANCELLED && this.#nodes.notes.get(n)?.cancelledWithRun === true)
    );
  }
}
