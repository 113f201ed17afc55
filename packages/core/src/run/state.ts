import type { DagConfig } from '../config/model.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { Topology } from '../graph/topology.ts';
import { endsWithSession, haltAfterFailure, haltAtLimit } from './ending.ts';
import type { RunEvent } from './events.ts';
import { RunFacts } from './facts.ts';
import { isSettled, Status } from './status.ts';

/**
 * The state of a run: a fold over its events, the same live and on recovery. `apply` is the only way to change it; it reads
 * no clock, does no I/O and throws on no event that the coordinator may produce. What an event means for a node is in
 * `NodeLifecycle` and `Answers`, what it means for the dependents of the node in `DependencyCounts` and `Cascade`.
 */
export class RunState extends RunFacts {
  readonly #config: DagConfig;

  constructor(topology: Topology, config: DagConfig) {
    super(topology);
    this.#config = config;
  }

  /** Folds one event into the state. */
  apply(event: RunEvent): void {
    this.cascade.begin();
    this.seq++;
    switch (event.type) {
      case 'NodeStarted':
        this.concluded = false;
        return this.lifecycle.started(event);
      case 'NodeCompleted':
        this.lifecycle.completed(event);
        return this.#end(event.n, Status.SUCCEEDED, event.at);
      case 'NodeRetrying':
        return this.lifecycle.retrying(event);
      case 'RetryDue':
        return this.lifecycle.retryDue(event.n);
      case 'NodeFailed':
        this.lifecycle.failed(event);
        this.halt = haltAfterFailure(this.halt, this.nodes, event, this.#config.onFailure);
        return this.#end(event.n, Status.FAILED, event.at);
      case 'NodeSkipped':
        this.nodes.notesOf(event.n).reason = event.reason;
        this.nodes.end(event.n, Status.SKIPPED, event.at);
        return this.cascade.settle(event.n, event.at);
      case 'NodeCancelled':
        return this.lifecycle.cancelled(event);
      case 'HandlerCompleted': {
        const { n, outputs, tokens } = event;
        return this.lifecycle.handled(n, { status: 'succeeded', outputs }, tokens);
      }
      case 'HandlerFailed': {
        const { n, error, tokens } = event;
        return this.lifecycle.handled(n, { status: 'failed', error }, tokens);
      }
      case 'NodeWaiting':
        this.lifecycle.spend(event.n, event.tokens);
        return this.answers.asked(event.n, event.request, event.at);
      case 'InputGiven':
        return this.answers.given(event.n, event.input);
      case 'WaitExpired':
        return this.answers.expired(event.n);
      case 'CacheUpdated':
        return this.answers.valueSet(event.namespace, event.key, event.value);
      case 'RunPausing':
        this.halt ??= { status: 'paused', error: event.error };
        return;
      case 'NodesAdded':
        return this.#grow(event.nodes, event.at, event.by);
      case 'InputsSet': {
        const notes = this.nodes.notesOf(event.n);
        notes.inputs = { ...notes.inputs, ...event.inputs };
        return;
      }
      case 'BranchPaused':
        this.paused.pause(event.n, event.reason, this.topology);
        return;
      case 'BranchResumed':
        return this.ready.resume(event.n);
      case 'BranchCancelled':
        return this.#cancelBranch(event.n, event.at, event.reason);
      case 'NodesEnabled':
        return this.cascade.disable(event.ns, false, event.at);
      case 'NodesDisabled':
        return this.cascade.disable(event.ns, true, event.at);
      case 'CommandRejected':
        this.commandRejections.push({ at: event.at, by: event.by, error: event.error });
        return;
      case 'HooksConcluded':
        this.concluded = true;
        return;
      case 'HooksSeen':
        return this.#seen(event.seq, event.parts, event.at);
      case 'LimitReached':
        this.halt ??= haltAtLimit(event.limit, event.bound, event.used);
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
        if (!event.hooked) this.cascade.open(event.at);
        return;
      case 'RunForked':
        this.load(event.state);
        return this.cascade.recount(event.at);
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

  #end(n: number, status: Status, at: number): void {
    this.nodes.end(n, status, at);
    if (this.hooked) this.awaiting.set(n, this.seq);
    else this.cascade.settle(n, at);
  }

  #grow(nodes: readonly NodeDefinition[], at: number, by: number | undefined): void {
    this.concluded = false;
    const first = this.nodeCount;
    this.nodes.grow(nodes);
    this.ready.grow(first);
    if (by !== undefined) for (let n = first; n < this.nodeCount; n++) this.addedBy.set(n, by);
    this.cascade.grow(first, at);
  }

  #cancelBranch(root: number, at: number, reason: string | null): void {
    this.paused.release(root);
    const open = this.topology.branchOf(root).filter((n) => !isSettled(this.status[n] as number));
    for (const n of open) this.waits.end(n);
    this.cascade.cancel(open, at, reason ?? 'branch cancelled');
  }

  #seen(seq: number, parts: number | undefined, at: number): void {
    if (!this.cascade.opened) this.cascade.open(at);
    this.hooksSeen = seq;
    this.hooksSeenParts = parts ?? Infinity;
    for (const [n, settledAt] of this.awaiting) {
      if (settledAt > seq) break;
      this.awaiting.delete(n);
      this.cascade.settle(n, at);
    }
  }

  #resume({ at, hooked, retry }: RunEvent & { readonly type: 'RunResumed' }): void {
    this.sessionStartedAt = at;
    // A session that came to its end asks again at the next.
    if (this.finished !== undefined) this.concluded = false;
    this.finished = undefined;
    this.hooked = hooked;
    const stopped = endsWithSession(this.halt);
    if (retry || stopped) this.halt = undefined;
    // Whether dependents were told of less, or of more, than what is so now.
    let untold = !this.cascade.opened || (!hooked && this.awaiting.size > 0);
    for (let n = 0; n < this.nodeCount; n++) {
      if (this.status[n] === Status.RUNNING) this.ready.add(n);
      else if ((retry || stopped) && this.lifecycle.deservesAnotherChance(n, retry)) {
        this.awaiting.delete(n);
        this.lifecycle.reopen(n);
        untold = true;
      }
    }
    if (!hooked) this.awaiting.clear();
    if (untold && (this.cascade.opened || !hooked)) this.cascade.recount(at);
  }
}
