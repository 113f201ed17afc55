import type { Ids } from '@dagger/core';
import { seededRandom } from './seeded-random.ts';

/** The digits of a number in [0, 1). */
const hex = (value: number): string =>
  Math.floor(value * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0');

/** Run ids and chance that the seed decides, so that a run can be replayed exactly. Ids of one seed are all different. */
export const seededIds = (seed: number | string): Ids => {
  const random = seededRandom(`random ${seed}`);
  const names = seededRandom(`run ids ${seed}`);
  let made = 0;
  return { runId: () => `run-${++made}-${hex(names())}`, random };
};
