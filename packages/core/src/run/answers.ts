import type { HumanInput, WaitAnswer } from '../actions/answer.ts';
import type { JsonValue } from '../json.ts';
import type { RunNodes } from './nodes.ts';
import type { ReadyNodes } from './ready-nodes.ts';
import { Status } from './status.ts';
import { byValue, type WaitRequest, type Waits } from './waits.ts';

/** How nodes come to wait for somebody, and what ends it: an answer, a shared value, the time. A part of the run state. */
export class Answers {
  readonly #nodes: RunNodes;
  readonly #ready: ReadyNodes;
  readonly #waits: Waits;

  constructor(nodes: RunNodes, ready: ReadyNodes, waits: Waits) {
    this.#nodes = nodes;
    this.#ready = ready;
    this.#waits = waits;
  }

  /** A node asks; what has arrived for it already is its answer. */
  asked(n: number, request: WaitRequest, at: number): void {
    this.#nodes.set(n, Status.WAITING);
    this.#waits.begin(n, request, at);
    const input = this.#waits.take(n, request);
    if (input !== undefined) this.#answer(n, input);
  }

  /** Somebody answers, or will have answered when the node asks. */
  given(n: number, input: HumanInput): void {
    if (this.#nodes.status[n] === Status.WAITING) this.#answer(n, input);
    else this.#waits.keep(n, input);
  }

  /** A shared value was set from outside. */
  valueSet(namespace: string, key: string, value: JsonValue): void {
    const woken = this.#waits.wokenBy(namespace, key);
    for (const n of woken) this.#answer(n, byValue(namespace, key, value));
    if (woken.length === 0) this.#waits.keepValue(namespace, key, value);
  }

  /** Nobody answered in time. */
  expired(n: number): void {
    const wait = this.#waits.get(n);
    if (wait === undefined) return;
    if (wait.request.onTimeout === 'pause') return this.#waits.expire(n);
    const reason = 'nobody answered in time';
    this.#answer(n, { decision: 'autopilot', data: null, reason, by: null });
  }

  /** Whether a node that waited was rejected and is to fail. */
  isRejected(n: number): boolean {
    return this.#nodes.status[n] === Status.WAITING && this.#waits.get(n) === undefined;
  }

  /** Ends the wait of a node with an answer. A rejection that fails the node is followed by its failure. */
  #answer(n: number, answer: WaitAnswer): void {
    const wait = this.#waits.get(n);
    const notes = this.#nodes.notesOf(n);
    notes.answer = answer;
    this.#waits.end(n);
    if (answer.decision === 'reject' && wait?.request.onReject === 'fail') return;
    notes.answered = true;
    this.#ready.add(n);
  }
}
