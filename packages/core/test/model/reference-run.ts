import type { DependencySpec, NodeDefinition } from '../../src/graph/model.ts';
import type { OnFailure } from '../../src/config/model.ts';
import type { NodeStatus, RunStatus } from '../../src/run/status.ts';

interface ModelNode {
  readonly definition: NodeDefinition;
  status: NodeStatus;
  reason: string | undefined;
  attempts: number;
  enabled: boolean;
  /** Whether the dependents know that it settled; with hooks that is later than the end itself. */
  told: boolean;
  /** The number of the event that ended it. */
  endedBy: number;
  cancelledWithRun: boolean;
}

type End = Exclude<RunStatus, 'running'>;

const SETTLED: ReadonlySet<NodeStatus> = new Set(['succeeded', 'failed', 'skipped', 'cancelled']);

const SKIPPED_FOR: { readonly [S in NodeStatus]?: string } = {
  failed: 'dependency-failed',
  skipped: 'dependency-skipped',
  cancelled: 'dependency-cancelled',
};

const idOf = (dependency: DependencySpec): string =>
  typeof dependency === 'string' ? dependency : dependency.id;

/**
 * What dagger promises about a run, in the plainest form: after every event it looks at every node again until nothing
 * changes. Slow on purpose, and written without a look at how the engine does it.
 */
export class ReferenceRun {
  readonly nodes: Map<string, ModelNode> = new Map();
  readonly pausedRoots: Set<string> = new Set();
  halt: End | undefined;
  hooked = false;
  events = 0;
  readonly #policy: OnFailure;
  /** Whether nodes may have their turn: with hooks, not before those were told of the start. */
  #begun = false;

  constructor(definitions: readonly NodeDefinition[], policy: OnFailure) {
    this.#policy = policy;
    for (const definition of definitions) this.#put(definition);
  }

  // --- what happens ----------------------------------------------------------------------------------------------

  begun(hooked: boolean): void {
    this.hooked = hooked;
    this.#begun = !hooked;
    this.#event();
  }

  started(id: string): void {
    const node = this.node(id);
    node.status = 'running';
    node.attempts++;
    this.#event();
  }

  ended(id: string, status: 'succeeded' | 'failed'): void {
    const node = this.node(id);
    node.status = status;
    node.told = !this.hooked;
    node.endedBy = this.events + 1;
    if (status === 'failed')
      this.#halt(node.definition.onfailure === false ? 'stop' : this.#policy);
    this.#event();
  }

  retrying(id: string): void {
    this.node(id).status = 'retrying';
    this.#event();
  }

  retryDue(id: string): void {
    const node = this.node(id);
    if (node.status === 'retrying') node.status = 'ready';
    this.#event();
  }

  conditionFalse(id: string): void {
    this.#skip(this.node(id), 'condition');
    this.#event();
  }

  /** Ended because the run was stopped. Its dependents do not hear of it: they wait for the run to be resumed. */
  cancelledWithRun(id: string): void {
    const node = this.node(id);
    node.status = 'cancelled';
    node.cancelledWithRun = true;
    node.told = false;
    this.#event();
  }

  stopping(why: 'cancelled' | 'timed_out' | 'failed'): void {
    this.halt = why;
    this.#event();
  }

  added(definitions: readonly NodeDefinition[]): void {
    for (const definition of definitions) this.#put(definition);
    this.#event();
  }

  branchPaused(root: string): void {
    this.pausedRoots.add(root);
    this.#event();
  }

  branchResumed(root: string): void {
    this.pausedRoots.delete(root);
    this.#event();
  }

  branchCancelled(root: string): void {
    this.pausedRoots.delete(root);
    for (const id of this.branch(root)) {
      const node = this.node(id);
      if (SETTLED.has(node.status)) continue;
      node.status = 'cancelled';
      node.told = true;
    }
    this.#event();
  }

  switched(ids: readonly string[], enabled: boolean): void {
    for (const id of ids) {
      const node = this.node(id);
      node.enabled = enabled;
      // Its turn has come already, and it has not started.
      if (!enabled && node.status === 'ready') this.#skip(node, 'disabled');
    }
    this.#event();
  }

  hooksSaw(upTo: number): void {
    this.#begun = true;
    for (const node of this.nodes.values())
      if (SETTLED.has(node.status) && !node.cancelledWithRun && node.endedBy <= upTo)
        node.told = true;
    this.#event();
  }

  /** An event that changes no node. */
  noted(): void {
    this.#event();
  }

  /** A new session: what ran when the last one broke off starts anew; after its proper end, what failed does too. */
  resumed({ retry, hooked }: { readonly retry: boolean; readonly hooked: boolean }): void {
    this.hooked = hooked;
    this.#begun ||= !hooked;
    const again = retry || this.halt === 'cancelled' || this.halt === 'timed_out';
    if (again) this.halt = undefined;
    for (const node of this.nodes.values()) {
      if (node.status === 'running') node.status = 'ready';
      if (!hooked && SETTLED.has(node.status) && !node.cancelledWithRun) node.told = true;
      if (node.cancelledWithRun && again) this.#reopen(node);
      else if (retry && node.status === 'failed') this.#reopen(node);
      else if (
        retry &&
        node.status === 'skipped' &&
        node.reason?.startsWith('dependency-') === true
      )
        this.#reopen(node);
    }
    this.#event();
  }

  // --- how things stand --------------------------------------------------------------------------------------------

  node(id: string): ModelNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`the model has no node ${id}`);
    return node;
  }

  statuses(): { readonly [id: string]: NodeStatus } {
    return Object.fromEntries([...this.nodes].map(([id, { status }]) => [id, status]));
  }

  attempts(): { readonly [id: string]: number } {
    return Object.fromEntries([...this.nodes].map(([id, { attempts }]) => [id, attempts]));
  }

  with(...statuses: readonly NodeStatus[]): string[] {
    return [...this.nodes].filter(([, node]) => statuses.includes(node.status)).map(([id]) => id);
  }

  /** A node and everything downstream of it. */
  branch(root: string): Set<string> {
    const members = new Set([root]);
    for (let grew = true; grew;) {
      grew = false;
      for (const [id, { definition }] of this.nodes) {
        if (members.has(id)) continue;
        if (!(definition.dependencies ?? []).some((d) => members.has(idOf(d)))) continue;
        members.add(id);
        grew = true;
      }
    }
    return members;
  }

  isHeld(id: string): boolean {
    return [...this.pausedRoots].some((root) => this.branch(root).has(id));
  }

  /** The nodes that may start now, if there is a slot and the run is not halted. */
  startable(): string[] {
    return this.with('ready').filter((id) => !this.isHeld(id));
  }

  outcome(): End {
    if (this.halt !== undefined) return this.halt;
    if (this.with('pending', 'ready').length > 0) return 'paused';
    return this.with('failed').length > 0 ? 'failed' : 'succeeded';
  }

  // --- the rules -----------------------------------------------------------------------------------------------------

  #put(definition: NodeDefinition): void {
    this.nodes.set(definition.id, {
      definition,
      status: 'pending',
      reason: undefined,
      attempts: 0,
      enabled: definition.enabled !== false,
      told: false,
      endedBy: 0,
      cancelledWithRun: false,
    });
  }

  #halt(policy: OnFailure): void {
    if (policy === 'stop' && (this.halt === undefined || this.halt === 'paused'))
      this.halt = 'failed';
    if (policy === 'pause' && this.halt === undefined) this.halt = 'paused';
  }

  #skip(node: ModelNode, reason: string): void {
    node.status = 'skipped';
    node.reason = reason;
    node.told = true;
  }

  #reopen(node: ModelNode): void {
    node.status = 'pending';
    node.reason = undefined;
    node.told = false;
    node.cancelledWithRun = false;
  }

  #event(): void {
    this.events++;
    if (!this.#begun) return;
    for (let changed = true; changed;) {
      changed = false;
      for (const node of this.nodes.values()) {
        if (node.status !== 'pending') continue;
        const verdict = this.#verdict(node.definition);
        if (verdict === 'wait') continue;
        changed = true;
        if (verdict !== 'open') this.#skip(node, verdict);
        else if (node.enabled) node.status = 'ready';
        else this.#skip(node, 'disabled');
      }
    }
  }

  /** Whether a pending node waits on, may start, or is skipped (and why). */
  #verdict({ dependencies = [], join = 'all' }: NodeDefinition): string {
    const named = new Map<string, boolean>();
    for (const dependency of dependencies)
      if (!named.has(idOf(dependency)))
        named.set(idOf(dependency), typeof dependency !== 'string' && dependency.optional === true);
    const before = [...named].map(([id, optional]) => {
      const { status, told } = this.node(id);
      return { optional, status, settled: SETTLED.has(status) && told };
    });
    const open = before.filter((d) => !d.settled).length;
    const succeeded = before.filter((d) => d.settled && d.status === 'succeeded').length;
    const bad = before.find(
      (d) => d.settled && d.status !== 'succeeded' && (join !== 'all' || !d.optional),
    );
    const skipped = bad === undefined ? '' : (SKIPPED_FOR[bad.status] ?? '');
    if (join === 'all') {
      if (bad !== undefined) return skipped;
      return open === 0 ? 'open' : 'wait';
    }
    const wanted = join === 'any' ? 1 : join.atLeast;
    if (succeeded >= wanted) return 'open';
    return succeeded + open < wanted ? skipped : 'wait';
  }
}
