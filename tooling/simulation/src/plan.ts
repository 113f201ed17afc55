import { chance } from './chance.ts';

/** How much of what happens in one schedule. Each has its own mix, so that rare things come together in some. */
export interface Plan {
  readonly jobs: number;
  readonly workers: number;
  readonly slots: number;
  readonly prefetch: number;
  readonly pollMs: number;
  /** Steps with people and misfortunes; then everybody who is left works in peace. */
  readonly steps: number;
  /** How often time moves on while somebody could go on, and how often the others happen at a step. */
  readonly time: number;
  readonly freezes: number;
  readonly holds: number;
  readonly deaths: number;
  readonly closings: number;
  readonly starts: number;
  readonly people: number;
  /** How often those whose tasks were taken over wake soon afterwards. */
  readonly awakenings: number;
  /** Milliseconds that a frozen worker stays so, or that a commit is held up, at most. */
  readonly longestFreeze: number;
  /** The share of commits whose answer is lost, and of those that fail before they begin. */
  readonly lostAnswers: number;
  readonly refusals: number;
  /** Whether somebody follows the events of the jobs. */
  readonly follows: boolean;
}

export const planOf = (seed: string): Plan => {
  const random = chance(`${seed} plan`);
  const sometimes = (share: number, rate: number): number => (random.happens(share) ? rate : 0);
  const isFaulty = random.happens(0.2);
  return {
    jobs: random.happens(0.25) ? 2 : 1,
    workers: random.whole(2, 4),
    slots: random.whole(1, 4),
    prefetch: random.pick([0, 2, 10]),
    pollMs: random.pick([500, 1_000, 3_000]),
    steps: random.whole(60, 320),
    time: random.pick([0.05, 0.2, 0.5]),
    freezes: sometimes(0.6, 0.02),
    holds: sometimes(0.6, 0.04),
    deaths: sometimes(0.5, 0.012),
    closings: sometimes(0.3, 0.01),
    starts: sometimes(0.5, 0.015),
    people: sometimes(0.7, random.pick([0.02, 0.08])),
    awakenings: random.pick([0, 0.9, 0.9]),
    longestFreeze: random.pick([8_000, 12_000, 25_000]),
    lostAnswers: isFaulty ? sometimes(0.6, 0.04) : 0,
    refusals: isFaulty ? sometimes(0.6, 0.04) : 0,
    follows: random.happens(0.15),
  };
};
