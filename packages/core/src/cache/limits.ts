import type { Clock } from '../clock.ts';
import { DaggerError } from '../errors.ts';

/** What a cache may hold; the least recently used entries go first. Absent: no such limit. */
export interface CacheLimits {
  /** Entries at the most. */
  readonly maxEntries?: number;
  /** Characters of JSON text at the most. */
  readonly maxBytes?: number;
  /** Seconds after its last write from which an entry is gone. */
  readonly ttlSeconds?: number;
}

/** @throws DaggerError CONFIG_INVALID naming the limit and its value */
export const checkLimits = (limits: CacheLimits): void => {
  for (const name of ['maxEntries', 'maxBytes', 'ttlSeconds'] as const) {
    const value = limits[name];
    if (value === undefined) continue;
    const whole = name === 'ttlSeconds' ? Number.isFinite(value) : Number.isSafeInteger(value);
    if (whole && value > 0) continue;
    const wanted = name === 'ttlSeconds' ? 'a number above 0' : 'a whole number above 0';
    throw new DaggerError(
      'CONFIG_INVALID',
      `cache limit ${name} must be ${wanted}, not ${String(value)}`,
    );
  }
};

interface Use {
  readonly space: string;
  readonly key: string;
  readonly bytes: number;
  readonly expires: number;
}

/** Keeps the order of use, and names the entries to drop. Entries that are needed stay, over the limit if it must be. */
export class Evictions {
  readonly #limits: CacheLimits;
  readonly #clock: Clock;
  readonly #drop: (space: string, key: string) => void;
  readonly #needed: (space: string) => boolean;
  /** Least recently used first. */
  readonly #uses: Map<string, Use> = new Map();
  #bytes = 0;
  /** No entry expires before this. */
  #nextExpiry = Infinity;

  constructor(
    limits: CacheLimits,
    clock: Clock,
    drop: (space: string, key: string) => void,
    needed: (space: string) => boolean,
  ) {
    this.#limits = limits;
    this.#clock = clock;
    this.#drop = drop;
    this.#needed = needed;
  }

  /** Notes a write. @param bytes the length of the value as JSON */
  written(space: string, key: string, bytes: number): void {
    const { ttlSeconds } = this.#limits;
    this.removed(space, key);
    const expires = ttlSeconds === undefined ? Infinity : this.#clock.now() + ttlSeconds * 1000;
    this.#uses.set(nameOf(space, key), { space, key, bytes, expires });
    this.#bytes += bytes;
    this.#nextExpiry = Math.min(this.#nextExpiry, expires);
    this.expire();
    this.#shrink();
  }

  /** Notes a read. */
  read(space: string, key: string): void {
    this.expire();
    const name = nameOf(space, key);
    const use = this.#uses.get(name);
    if (use === undefined) return;
    this.#uses.delete(name);
    this.#uses.set(name, use);
  }

  removed(space: string, key: string): void {
    const name = nameOf(space, key);
    this.#bytes -= this.#uses.get(name)?.bytes ?? 0;
    this.#uses.delete(name);
  }

  /** Drops what is past its time and not needed; costs nothing before the first entry is. */
  expire(): void {
    const now = this.#clock.now();
    if (now < this.#nextExpiry) return;
    this.#nextExpiry = Infinity;
    // Deleting what was passed does not disturb the walk over a Map.
    for (const use of this.#uses.values()) {
      if (use.expires > now) this.#nextExpiry = Math.min(this.#nextExpiry, use.expires);
      else if (this.#needed(use.space)) this.#nextExpiry = now;
      else this.#evict(use);
    }
  }

  #shrink(): void {
    const { maxEntries = Infinity, maxBytes = Infinity } = this.#limits;
    if (this.#uses.size <= maxEntries && this.#bytes <= maxBytes) return;
    for (const use of this.#uses.values()) {
      if (this.#uses.size <= maxEntries && this.#bytes <= maxBytes) return;
      if (!this.#needed(use.space)) this.#evict(use);
    }
  }

  #evict({ space, key }: Use): void {
    this.removed(space, key);
    this.#drop(space, key);
  }
}

const nameOf = (space: string, key: string): string => `${space.length}:${space}${key}`;
