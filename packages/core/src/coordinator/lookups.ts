import type { AnyAction } from '../actions/action.ts';
import type { CacheStrategy } from '../graph/model.ts';
import type { JsonObject } from '../json.ts';
import type { MemoStore, MemoWrite, Miss } from '../storage/journal.ts';
import { keyParts, memoKey, memoNotBefore } from './memo.ts';

type Key = Pick<MemoWrite, 'key' | 'parts'>;

/** What a lookup needs to know of a node. */
export interface LookupSubject {
  readonly action: AnyAction;
  readonly strategy: CacheStrategy;
  readonly inputs: JsonObject | Promise<JsonObject>;
  readonly now: number;
}

/** Looks for results of earlier runs. A node is looked up once per session; its later attempts just run. */
export class Lookups {
  /** Lookups under way; each holds a slot. */
  underWay = 0;
  readonly #memo: MemoStore | undefined;
  /** The key of each node that was looked up; undefined where it could not be made. */
  readonly #keys: Map<number, Key | undefined> = new Map();
  readonly #misses: Map<number, Miss> = new Map();
  /** Raised when the inputs of a node change, so that an answer for the old ones is not taken. */
  readonly #generations: Map<number, number> = new Map();

  constructor(memo: MemoStore | undefined) {
    this.#memo = memo;
  }

  /** Whether a node has yet to be looked up. */
  isDue(n: number): boolean {
    return this.#memo !== undefined && !this.#keys.has(n);
  }

  /** Looks a node up; `found` hears the outputs, or undefined when there are none to use. */
  begin(
    n: number,
    subject: () => LookupSubject,
    found: (outputs: JsonObject | undefined) => void,
  ): void {
    this.underWay++;
    const generation = this.#generationOf(n);
    this.#find(n, generation, subject)
      .catch(() => undefined)
      .then(
        (outputs) => found(this.#generationOf(n) === generation ? outputs : undefined),
        () => {},
      );
  }

  /** The inputs of a node changed: it is to be looked up anew. */
  forget(n: number): void {
    if (!this.#keys.delete(n)) return;
    this.#generations.set(n, this.#generationOf(n) + 1);
  }

  #generationOf(n: number): number {
    return this.#generations.get(n) ?? 0;
  }

  /** Why no earlier result was used for a node; undefined when it was not looked up. Told once. */
  takeMiss(n: number): Miss | undefined {
    const miss = this.#misses.get(n);
    this.#misses.delete(n);
    return miss;
  }

  /** What later runs may use of a node that completed; undefined when it was not looked up. */
  writeOf(
    n: number,
    of: Pick<MemoWrite, 'action' | 'node' | 'outputs' | 'at'>,
  ): MemoWrite | undefined {
    const key = this.#keys.get(n);
    return key === undefined ? undefined : { ...key, ...of };
  }

  /** Keeps a result in memory, where there is no journal to take it. */
  keep(write: MemoWrite): void {
    this.#memo?.put?.(write);
  }

  async #find(
    n: number,
    generation: number,
    subject: () => LookupSubject,
  ): Promise<JsonObject | undefined> {
    // When the key cannot be made, the attempt itself runs into the same error and reports it.
    this.#keys.set(n, undefined);
    const { action, strategy, inputs, now } = subject();
    const values = await inputs;
    const key = memoKey(action, strategy, values);
    if (this.#generationOf(n) !== generation) return undefined;
    this.#keys.set(n, { key, parts: keyParts(action, strategy, values) });
    const answer = await this.#memo?.get(key, memoNotBefore(strategy, now));
    if (answer?.missed !== undefined) this.#misses.set(n, answer.missed);
    return answer?.outputs;
  }
}
