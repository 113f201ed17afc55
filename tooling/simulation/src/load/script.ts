import type { Chance } from '../chance.ts';

/** What the agent of a task does, in this order; it is the input of the task, so that each attempt does the same. */
export interface Script {
  /** Milliseconds before anything else, and before the end. */
  readonly before: number;
  readonly after: number;
  readonly ignoresSignal: boolean;
  /** Attempts that fail; 99 for all of them. */
  readonly failures: number;
  /** Whether the failures are not worth another attempt. */
  readonly isFinal: boolean;
  /** Children that it does not wait for. */
  readonly spawns: number;
  /** Children that it waits for, all at once or one after the other, and whether it takes their failures. */
  readonly requires: number;
  readonly oneByOne: boolean;
  readonly takesFailures: boolean;
  /** Tasks that it waits for and other tasks too, by their number. */
  readonly shares: readonly number[];
  /** Goes on after the end of its attempt, as if nothing had happened. */
  readonly swallows: boolean;
  /** The number of a first task that it makes itself depend on; null for none. */
  readonly needs: number | null;
  /** The share of its runs that wait for somebody's decision. */
  readonly asks: number;
  /** The number of a first task that it cancels; null for none. */
  readonly cancels: number | null;
  readonly writes: boolean;
  readonly tokens: number;
}

const DEEPEST = 2;

/** Most scripts are short; the deeper, the fewer children. */
export const scriptOf = (
  chance: Chance,
  { depth, first }: { readonly depth: number; readonly first: number },
): Script => {
  const mayGrow = depth < DEEPEST;
  return {
    before: chance.happens(0.4) ? chance.whole(1, 2_000) : 0,
    after: chance.happens(0.3) ? chance.whole(1, chance.happens(0.2) ? 9_000 : 1_500) : 0,
    ignoresSignal: chance.happens(0.25),
    failures: chance.weighed([
      [0, 14],
      [1, 3],
      [2, 1],
      [99, 2],
    ]),
    isFinal: chance.happens(0.2),
    spawns: mayGrow && chance.happens(0.12) ? chance.whole(1, 2) : 0,
    requires: mayGrow && chance.happens(depth === 0 ? 0.3 : 0.15) ? chance.whole(1, 3) : 0,
    oneByOne: chance.happens(0.3),
    takesFailures: chance.happens(0.6),
    shares: mayGrow && chance.happens(0.15) ? [chance.whole(0, 2)] : [],
    swallows: chance.happens(0.08),
    needs: chance.happens(0.12) ? chance.whole(0, first - 1) : null,
    asks: chance.happens(0.08) ? 0.6 : 0,
    cancels: chance.happens(0.03) ? chance.whole(0, first - 1) : null,
    writes: chance.happens(0.35),
    tokens: chance.happens(0.2) ? chance.whole(1, 20) : 0,
  };
};
