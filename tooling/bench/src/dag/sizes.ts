import type { Patience } from '../measure.ts';

const largest = 100_000;

export const memoryNodes: number = largest;

export function sizes(quick: boolean): number[] {
  return quick ? [1_000, 10_000] : [1_000, 10_000, largest];
}

export function longestRoundMs(quick: boolean): number {
  return quick ? 3_000 : 20_000;
}

export function patience(quick: boolean): (nodes: number) => Patience {
  if (quick) return () => ({ rounds: 3, budgetMs: 1_000 });
  return (nodes) => ({ rounds: nodes >= largest ? 7 : 11, budgetMs: 5_000 });
}
