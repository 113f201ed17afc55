import { LRUCache } from 'lru-cache';

/** What a cache may hold; the least recently used entries go first. */
export interface CacheLimits {
  /** Entries at the most. */
  readonly maxEntries?: number;
  /** Bytes of JSON text at the most. */
  readonly maxBytes?: number;
  /** Seconds after which an entry is gone. */
  readonly ttlSeconds?: number;
}

/** Says which entry must go. */
export type Evict = (space: string, key: string) => void;

/** Keeps the order of use, and names the entries to drop. Entries that are needed stay, and are asked again later. */
export class Evictions {
  readonly #order: LRUCache<string, readonly [space: string, key: string]>;
  readonly #kept: Map<
    string,
    { readonly entry: readonly [space: string, key: string]; readonly size: number }
  > = new Map();
  readonly #needed: (space: string) => boolean;

  constructor(limits: CacheLimits, evict: Evict, needed: (space: string) => boolean) {
    this.#needed = needed;
    this.#order = new LRUCache({
      max: limits.maxEntries ?? 0,
      maxSize: limits.maxBytes ?? 0,
      ttl: (limits.ttlSeconds ?? 0) * 1000,
      ttlAutopurge: false,
      ...(limits.maxBytes === undefined ? {} : { maxEntrySize: Number.MAX_SAFE_INTEGER }),
      dispose: (entry, name, reason) => {
        if (reason === 'set' || reason === 'delete') return;
        if (this.#needed(entry[0])) this.#kept.set(name, { entry, size: 1 });
        else evict(entry[0], entry[1]);
      },
      noDeleteOnStaleGet: false,
    });
  }

  static nameOf(space: string, key: string): string {
    return `${space.length}:${space}${key}`;
  }

  /** Notes a write. @param bytes the length of the value as JSON */
  written(space: string, key: string, bytes: number): void {
    const name = Evictions.nameOf(space, key);
    this.#order.set(name, [space, key], { size: Math.max(1, bytes) });
    this.#settle();
  }

  /** Notes a read. */
  read(space: string, key: string): void {
    this.#order.get(Evictions.nameOf(space, key));
  }

  removed(space: string, key: string): void {
    const name = Evictions.nameOf(space, key);
    this.#kept.delete(name);
    this.#order.delete(name);
  }

  /** Entries that were over the limit while needed leave once they no longer are. */
  #settle(): void {
    for (const [name, { entry, size }] of this.#kept) {
      if (this.#needed(entry[0])) continue;
      this.#kept.delete(name);
      this.#order.set(name, entry, { size });
    }
  }
}
