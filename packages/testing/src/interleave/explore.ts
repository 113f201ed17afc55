import { DaggerError, type Ids } from '@dagger/core';
import { seededIds } from '../seeded-ids.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { Scheduler, type SchedulerOptions } from './scheduler.ts';

/** What one interleaving is made of; everything in it is decided by the seed. */
export interface Interleaving {
  readonly seed: number | string;
  readonly scheduler: Scheduler;
  readonly clock: SimulatedClock;
  readonly ids: Ids;
}

export interface ExploreOptions extends Omit<SchedulerOptions, 'seed' | 'clock'> {
  /** Which seeds: a number n for 1 to n, or a list. To replay a failure: a list of its seed. */
  readonly seeds: number | readonly (number | string)[];
  /** Steps of the trace in the message of a failure, the last ones. Default 200. */
  readonly traceLength?: number;
}

export interface Explored {
  readonly seeds: number;
  /** How many of them took an order that no other took. */
  readonly orders: number;
}

const list = (seeds: number | readonly (number | string)[]): readonly (number | string)[] =>
  typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds;

/**
 * Runs a scenario once for each seed, driven by a scheduler of that seed, and stops at the first that throws.
 * @throws DaggerError INTERLEAVING_FAILED naming the seed and the trace, with what was thrown as its cause
 */
export const explore = async (
  { seeds, traceLength = 200, ...options }: ExploreOptions,
  scenario: (interleaving: Interleaving) => Promise<void>,
): Promise<Explored> => {
  const orders = new Set<string>();
  const all = list(seeds);
  for (const seed of all) {
    const scheduler = new Scheduler({ ...options, seed });
    const { clock } = scheduler;
    try {
      await scheduler.run(() => scenario({ seed, scheduler, clock, ids: seededIds(seed) }));
    } catch (cause) {
      throw failed(seed, scheduler.trace, traceLength, cause);
    }
    orders.add(scheduler.trace.join('\n'));
  }
  return { seeds: all.length, orders: orders.size };
};

const failed = (
  seed: number | string,
  trace: readonly string[],
  most: number,
  cause: unknown,
): DaggerError => {
  const shown = trace.slice(-most).map((label) => `  ${label}`);
  const left = trace.length - shown.length;
  return new DaggerError(
    'INTERLEAVING_FAILED',
    [
      `seed ${JSON.stringify(seed)}: ${cause instanceof Error ? cause.message : String(cause)}`,
      `the order was${left > 0 ? ` (the last ${shown.length} of ${trace.length} steps)` : ''}:`,
      ...shown,
    ].join('\n'),
    { cause },
  );
};
