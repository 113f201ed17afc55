import { seededRandom } from '@dagger/testing';

/** Decisions that a text decides: the same text, the same decisions in the same order. */
export interface Chance {
  /** Whether something happens that does so in `share` of the cases, from 0 to 1. */
  happens(share: number): boolean;
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number;
  /** @throws RangeError when there is none */
  pick<T>(items: readonly T[]): T;
  /** One of the items; more often those that weigh more. @throws RangeError when nothing weighs anything */
  weighed<T>(items: readonly (readonly [item: T, weight: number])[]): T;
}

export const chance = (text: string): Chance => {
  const random = seededRandom(text);
  const whole = (least: number, most: number): number =>
    least + Math.floor(random() * (most - least + 1));
  return {
    happens: (share) => random() < share,
    whole,
    pick: (items) => {
      if (items.length === 0) throw new RangeError('there is nothing to pick from');
      return items[whole(0, items.length - 1)] as (typeof items)[number];
    },
    weighed: (items) => {
      let at = random() * items.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [item, weight] of items) {
        if (at < weight) return item;
        at -= weight;
      }
      throw new RangeError('nothing weighs anything');
    },
  };
};
