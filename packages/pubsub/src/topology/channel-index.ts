import { Router } from '../subject/router.ts';
import { isPattern, overlaps } from '../subject/subject.ts';

/** Finds the values under patterns that have a channel in common with another pattern. */
export class ChannelIndex<T> {
  readonly #router: Router<T> = new Router();
  readonly #entries: { readonly pattern: string; readonly value: T }[] = [];

  add(pattern: string, value: T): void {
    this.#router.add(pattern, value);
    this.#entries.push({ pattern, value });
  }

  /** In the order of adding, each value once. */
  find(pattern: string): readonly T[] {
    // Most channels are no patterns: many agents are looked through quickly.
    if (!isPattern(pattern)) return this.#router.match(pattern);
    const found = this.#entries.filter((entry) => overlaps(entry.pattern, pattern));
    return [...new Set(found.map(({ value }) => value))];
  }
}
