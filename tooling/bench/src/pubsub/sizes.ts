import type { Patience } from '../measure.ts';

export const SUBSCRIBERS: readonly number[] = [1, 10, 100];
/** Messages that may wait for a subscriber in a stream. */
export const CAPACITY = 1_024;
/** For one subscriber that is always behind by so many messages, and the reference for a large backlog. */
export const MODERATE_BACKLOG = 1_000;

export const backlogsOf = (quick: boolean): readonly number[] => [
  1,
  MODERATE_BACKLOG,
  quick ? 20_000 : 200_000,
];

/** Publications of one pass; more than may wait, so that whoever publishes does have to wait. */
export const publications = (subscribers: number, quick: boolean): number =>
  Math.max(2 * CAPACITY, (quick ? 10_000 : 50_000) / subscribers);

/** Messages of one pass; as many as wait at a time, or that often several times. */
export const messagesBehind = (backlog: number, quick: boolean): number =>
  Math.max(backlog, quick ? 2_000 : 10_000);

export const messagesInMemory = (quick: boolean): number => (quick ? 10_000 : 100_000);

export const patience = (quick: boolean): Patience =>
  quick ? { rounds: 3, budgetMs: 1_500 } : { rounds: 11, budgetMs: 8_000 };
