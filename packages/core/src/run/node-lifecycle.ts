import type { NodeDefinition } from '../graph/model.ts';
import type { NodeCompletedEvent, RunEvent } from './events.ts';
import type { RunNodes } from './nodes.ts';
import type { HandlerNote } from './notes.ts';
import type { ReadyNodes } from './ready-nodes.ts';
import type { TotalsSnapshot } from './snapshot.ts';
import { Status } from './status.ts';
import type { Waits } from './waits.ts';

type Of<T extends RunEvent['type']> = RunEvent & { readonly type: T };

/** What attempts and failure handlers do to a node, how it comes to run again, and what all that adds up to. A part of the run state. */
export class NodeLifecycle {
  tokens = 0;
  iterations = 0;
  cacheHits = 0;
  /** Failure handlers that have not ended. */
  handlersPending = 0;
  readonly #nodes: RunNodes;
  readonly #ready: ReadyNodes;
  readonly #waits: Waits;

  constructor(nodes: RunNodes, ready: ReadyNodes, waits: Waits) {
    this.#nodes = nodes;
    this.#ready = ready;
    this.#waits = waits;
  }

  started(event: Of<'NodeStarted'>): void {
    const nodes = this.#nodes;
    const { n, at } = event;
    if (event.missed !== undefined) nodes.notesOf(n).missed = event.missed;
    nodes.set(n, Status.RUNNING);
    nodes.startedAt[n] = at;
    const notes = nodes.notes.size === 0 ? undefined : nodes.notes.get(n);
    if (notes?.answered === true) {
      // The attempt that asked goes on; this is not another one.
      notes.answered = false;
      return;
    }
    const attempt = (nodes.attempt[n] as number) + 1;
    nodes.attempt[n] = attempt;
    const { action, supervisor } = nodes.topology;
    if (attempt === 1 && action[n] === supervisor) this.iterations++;
  }

  /** Notes what there is to tell of a completion; the node ends apart from that. */
  completed(event: NodeCompletedEvent): void {
    if (event.tokens === undefined && event.metadata === undefined && event.cached !== true) return;
    const notes = this.#nodes.notesOf(event.n);
    notes.metadata = event.metadata;
    notes.cached = event.cached === true;
    if (event.cached === true) this.cacheHits++;
    this.spend(event.n, event.tokens);
  }

  /** Notes what there is to tell of a failure; the node ends apart from that. */
  failed(event: Of<'NodeFailed'>): void {
    const { n } = event;
    const notes = this.#nodes.notesOf(n);
    notes.error = event.error;
    notes.metadata = event.metadata;
    this.spend(n, event.tokens);
    const definition = this.#nodes.topology.definitions[n] as NodeDefinition;
    if (definition.failure === undefined) return;
    notes.handler = { status: 'pending' };
    this.handlersPending++;
  }

  retrying({ n, error, at, delay, tokens }: Of<'NodeRetrying'>): void {
    this.#nodes.notesOf(n).retries.push({
      attempt: this.#nodes.attempt[n] as number,
      startedAt: this.#nodes.startedAt[n] as number,
      error,
      at,
      delay,
    });
    this.spend(n, tokens);
    this.#nodes.set(n, Status.RETRYING);
  }

  retryDue(n: number): void {
    if (this.#nodes.status[n] === Status.RETRYING) this.#ready.add(n);
  }

  cancelled({ n, at, reason }: Of<'NodeCancelled'>): void {
    const notes = this.#nodes.notesOf(n);
    notes.reason = reason;
    notes.cancelledWithRun = true;
    this.#waits.end(n);
    this.#nodes.end(n, Status.CANCELLED, at);
  }

  handled(n: number, handler: HandlerNote, tokens: number | undefined): void {
    this.spend(n, tokens);
    const notes = this.#nodes.notesOf(n);
    if (notes.handler?.status === 'pending') this.handlersPending--;
    notes.handler = handler;
  }

  spend(n: number, tokens: number | undefined): void {
    if (tokens === undefined) return;
    this.#nodes.notesOf(n).tokens += tokens;
    this.tokens += tokens;
  }

  /** Failed attempts of this session and the ones before that count against the attempts of the node. */
  failedAttempts(n: number): number {
    const notes = this.#nodes.notes.get(n);
    return notes === undefined ? 0 : notes.retries.length - notes.budgetFrom;
  }

  /** Whether a node that ended runs again in a run that goes on. @param retry failed ones do, and what they held up */
  deservesAnotherChance(n: number, retry: boolean): boolean {
    const notes = this.#nodes.notes.get(n);
    switch (this.#nodes.status[n]) {
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

  /** Makes a node that ended pending again. */
  reopen(n: number): void {
    const nodes = this.#nodes;
    const notes = nodes.notesOf(n);
    // An answer for a node that could not ask yet is kept for when it does.
    if (nodes.status[n] === Status.FAILED) this.#waits.forget(n);
    if (notes.handler?.status === 'pending') this.handlersPending--;
    if (notes.error !== undefined) {
      // The failure that ended the session before stays in the history of the node.
      const { [n]: attempt = 0 } = nodes.attempt;
      const { [n]: startedAt = 0 } = nodes.startedAt;
      const { [n]: at = 0 } = nodes.endedAt;
      notes.retries.push({ attempt, startedAt, error: notes.error, at, delay: 0 });
    }
    notes.error = undefined;
    notes.reason = undefined;
    notes.handler = undefined;
    notes.cancelledWithRun = false;
    notes.budgetFrom = notes.retries.length;
    notes.answer = undefined;
    notes.answered = false;
    nodes.set(n, Status.PENDING);
    nodes.endedAt[n] = 0;
  }

  snapshot(): TotalsSnapshot {
    const { tokens, iterations, cacheHits, handlersPending } = this;
    return { tokens, iterations, cacheHits, handlersPending };
  }

  load({ tokens, iterations, cacheHits, handlersPending }: TotalsSnapshot): void {
    this.tokens = tokens;
    this.iterations = iterations;
    this.cacheHits = cacheHits;
    this.handlersPending = handlersPending;
  }
}
