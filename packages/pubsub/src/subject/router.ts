import { ANY_PART, ANY_REST, checkPattern } from './subject.ts';

/** One value under one pattern. */
interface Entry<T> {
  readonly order: number;
  readonly value: T;
}

class Branch<T> {
  readonly children: Map<string, Branch<T>> = new Map();
  any: Branch<T> | undefined;
  /** Of the patterns that end here. */
  readonly here: Set<Entry<T>> = new Set();
  /** Of the patterns that end here with `>`. */
  readonly rest: Set<Entry<T>> = new Set();

  get isEmpty(): boolean {
    return (
      this.children.size === 0 &&
      this.any === undefined &&
      this.here.size === 0 &&
      this.rest.size === 0
    );
  }

  /** The branch for one part of a pattern, which is there afterwards. */
  grow(part: string): Branch<T> {
    if (part === ANY_PART) return (this.any ??= new Branch());
    const known = this.children.get(part);
    if (known !== undefined) return known;
    const child = new Branch<T>();
    this.children.set(part, child);
    return child;
  }

  /** Takes away the branch for one part when nothing is left in it. */
  prune(part: string): void {
    if (part !== ANY_PART) {
      if (this.children.get(part)?.isEmpty === true) this.children.delete(part);
    } else if (this.any?.isEmpty === true) this.any = undefined;
  }
}

/** Subjects whose matches are remembered. */
const MOST_CACHED = 10_000;

/**
 * Finds the values whose patterns stand for a channel.
 *
 * - A value that is there several times, by several patterns or twice by one, is found once, at the place of the earliest.
 * - What was found is remembered until a pattern comes or goes.
 */
export class Router<T> {
  readonly #root: Branch<T> = new Branch();
  readonly #cache: Map<string, readonly T[]> = new Map();
  /** What was asked for last is often asked for next. */
  #last: string | undefined;
  #lastFound: readonly T[] = [];
  #added = 0;

  /**
   * Gives back what takes it away again; only the first call does.
   * @throws DaggerError CHANNEL_INVALID
   */
  add(pattern: string, value: T): () => void {
    checkPattern(pattern);
    const parts = pattern.split('.');
    const isRest = parts.at(-1) === ANY_REST;
    if (isRest) parts.pop();
    const way = [this.#root];
    for (const part of parts) way.push((way.at(-1) as Branch<T>).grow(part));
    const end = way.at(-1) as Branch<T>;
    const entries = isRest ? end.rest : end.here;
    const entry = { order: this.#added++, value };
    entries.add(entry);
    this.#forget();
    return () => {
      if (!entries.delete(entry)) return;
      for (let i = parts.length - 1; i >= 0; i--) way[i]?.prune(parts[i] as string);
      this.#forget();
    };
  }

  #forget(): void {
    this.#cache.clear();
    this.#last = undefined;
  }

  /** The values for a checked channel, in the order in which they were added. Not frozen: V8 is slow to read such a list. */
  match(subject: string): readonly T[] {
    if (subject === this.#last) return this.#lastFound;
    this.#lastFound = this.#cache.get(subject) ?? this.#find(subject);
    this.#last = subject;
    return this.#lastFound;
  }

  #find(subject: string): readonly T[] {
    const found: Entry<T>[] = [];
    collect(this.#root, subject.split('.'), 0, found);
    found.sort((a, b) => a.order - b.order);
    const values = [...new Set(found.map(({ value }) => value))];
    if (this.#cache.size >= MOST_CACHED) this.#cache.clear();
    this.#cache.set(subject, values);
    return values;
  }
}

const collect = <T>(
  branch: Branch<T>,
  parts: readonly string[],
  at: number,
  found: Entry<T>[],
): void => {
  const part = parts[at];
  if (part === undefined) {
    for (const entry of branch.here) found.push(entry);
    return;
  }
  for (const entry of branch.rest) found.push(entry);
  const child = branch.children.get(part);
  if (child !== undefined) collect(child, parts, at + 1, found);
  if (branch.any !== undefined) collect(branch.any, parts, at + 1, found);
};
