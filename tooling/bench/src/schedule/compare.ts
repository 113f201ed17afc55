import { lowerBound, type ScheduleCase } from './case.ts';
import { fifoMakespan } from './fifo.ts';
import { makespanOf } from './makespan.ts';

export const orders = ['critical path', 'fifo', 'definition'] as const;
export type Order = (typeof orders)[number];

/** Makespans as multiples of the best there is, or of what none can be below. */
export interface Quality {
  readonly mean: number;
  readonly worst: number;
  readonly worstCase: string;
}

export interface SetReport {
  readonly set: string;
  readonly graphs: number;
  readonly runs: number;
  /** What the makespans are compared with. */
  readonly against: 'optimum' | 'lower bound';
  readonly orders: Readonly<Record<Order, Quality>>;
}

const makespan: Readonly<Record<Order, (of: ScheduleCase, workers: number) => Promise<number>>> = {
  'critical path': (of, workers) => makespanOf(of, workers, 'critical_path'),
  fifo: async (of, workers) => fifoMakespan(of, workers),
  definition: (of, workers) => makespanOf(of, workers, 'definition'),
};

/** Runs every case of a set on every number of workers, in every order. */
export async function compareOrders(
  set: string,
  cases: readonly ScheduleCase[],
  workers: readonly number[],
): Promise<SetReport> {
  const ratios: Record<Order, [ratio: number, where: string][]> = {
    'critical path': [],
    fifo: [],
    definition: [],
  };
  const known = cases.every(({ optimum }) => optimum.size > 0);
  for (const of of cases) {
    for (const m of workers) {
      const best = known ? of.optimum.get(m) : lowerBound(of, m);
      if (best === undefined) continue;
      for (const order of orders)
        ratios[order].push([(await makespan[order](of, m)) / best, `${of.name}, ${m} workers`]);
    }
  }
  return {
    set,
    graphs: cases.length,
    runs: ratios.fifo.length,
    against: known ? 'optimum' : 'lower bound',
    orders: {
      'critical path': quality(ratios['critical path']),
      fifo: quality(ratios.fifo),
      definition: quality(ratios.definition),
    },
  };
}

function quality(ratios: readonly (readonly [ratio: number, where: string])[]): Quality {
  let [worst, worstCase] = [0, ''];
  let sum = 0;
  for (const [ratio, where] of ratios) {
    sum += ratio;
    if (ratio > worst) [worst, worstCase] = [ratio, where];
  }
  return { mean: sum / ratios.length, worst, worstCase };
}
