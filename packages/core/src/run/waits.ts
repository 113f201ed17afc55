import type { HumanInput } from '../actions/answer.ts';
import type { JsonValue } from '../json.ts';
import type { WaitsSnapshot } from './snapshot.ts';

/** What a node waits for, as the journal keeps it. */
export interface WaitRequest {
  /** What the person is asked. */
  readonly prompt: string;
  /** What they need to decide; null when there is nothing. */
  readonly details: JsonValue;
  /** When the wait is over, in milliseconds since the epoch; null waits without end. */
  readonly due: number | null;
  readonly onTimeout: 'autopilot' | 'pause';
  /** Whether a rejection fails the node, or is an answer like others. */
  readonly onReject: 'fail' | 'answer';
  /** A shared value that ends the wait too, by namespace and key; null for none. */
  readonly wakeOn: { readonly namespace: string; readonly key: string } | null;
}

export interface Wait {
  readonly request: WaitRequest;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Its time ran out and the node was to pause: it waits on, and holds up no session. */
  expired: boolean;
}

const nameOf = (namespace: string, key: string): string => `${namespace.length}:${namespace}${key}`;

/** What the nodes of a run wait for, and what arrived before anybody waited for it. A part of the run state. */
export class Waits {
  readonly #open: Map<number, Wait> = new Map();
  /** Inputs that no wait has taken, by node, oldest first. */
  readonly #early: Map<number, HumanInput[]> = new Map();
  /** Shared values set from outside that no wait has taken. */
  readonly #values: Map<string, JsonValue> = new Map();
  /** Waits whose time will come. */
  #timed = 0;

  get size(): number {
    return this.#open.size;
  }

  /** Whether some wait has an end that is still to come. */
  get anyTimed(): boolean {
    return this.#timed > 0;
  }

  get(n: number): Wait | undefined {
    return this.#open.get(n);
  }

  entries(): IterableIterator<[number, Wait]> {
    return this.#open.entries();
  }

  /** Inputs of a node that no wait has taken yet. */
  earlyFor(n: number): readonly HumanInput[] {
    return this.#early.get(n) ?? [];
  }

  begin(n: number, request: WaitRequest, at: number): void {
    this.#open.set(n, { request, since: at, expired: false });
    if (request.due !== null) this.#timed++;
  }

  end(n: number): void {
    const wait = this.#open.get(n);
    if (wait === undefined) return;
    if (wait.request.due !== null && !wait.expired) this.#timed--;
    this.#open.delete(n);
  }

  expire(n: number): void {
    const wait = this.#open.get(n);
    if (wait === undefined || wait.expired) return;
    wait.expired = true;
    if (wait.request.due !== null) this.#timed--;
  }

  /** Keeps an input for the wait to come. */
  keep(n: number, input: HumanInput): void {
    const early = this.#early.get(n);
    if (early === undefined) this.#early.set(n, [input]);
    else early.push(input);
  }

  keepValue(namespace: string, key: string, value: JsonValue): void {
    this.#values.set(nameOf(namespace, key), value);
  }

  /** What has arrived for a wait already; it is taken. */
  take(n: number, { wakeOn }: WaitRequest): HumanInput | undefined {
    const early = this.#early.get(n);
    const input = early?.shift();
    if (early?.length === 0) this.#early.delete(n);
    if (input !== undefined || wakeOn === null) return input;
    const name = nameOf(wakeOn.namespace, wakeOn.key);
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    this.#values.delete(name);
    return byValue(wakeOn.namespace, wakeOn.key, value);
  }

  /** The nodes that a shared value wakes. */
  wokenBy(namespace: string, key: string): number[] {
    const woken: number[] = [];
    for (const [n, { request }] of this.#open)
      if (request.wakeOn?.namespace === namespace && request.wakeOn.key === key) woken.push(n);
    return woken;
  }

  snapshot(): WaitsSnapshot {
    return {
      open: [...this.#open].map(([n, wait]) => [n, { ...wait }]),
      early: [...this.#early].map(([n, inputs]) => [n, [...inputs]]),
      values: [...this.#values],
    };
  }

  load({ open, early, values }: WaitsSnapshot): void {
    this.#open.clear();
    this.#early.clear();
    this.#values.clear();
    this.#timed = 0;
    for (const [n, wait] of open) {
      this.#open.set(n, { ...wait });
      if (wait.request.due !== null && !wait.expired) this.#timed++;
    }
    for (const [n, inputs] of early) this.#early.set(n, [...inputs]);
    for (const [name, value] of values) this.#values.set(name, value);
  }

  /** Every input that no wait has taken, by node. */
  early(): IterableIterator<[number, readonly HumanInput[]]> {
    return this.#early.entries();
  }

  /** Forgets what arrived for a node that failed and gets another chance; what it waits for is asked anew. */
  forget(n: number): void {
    this.end(n);
    this.#early.delete(n);
  }
}

/** A shared value as the answer that it is to whoever waits for it. */
export const byValue = (namespace: string, key: string, value: JsonValue): HumanInput => ({
  decision: 'answer',
  data: value,
  reason: null,
  by: `${namespace}.${key}`,
});
