import { join } from 'node:path';
import { thisMachine } from '../machine.ts';
import type { Suite, SuiteDocument } from '../suite.ts';
import { drawTable } from '../table.ts';
import { atMost, verdictWord, type Verdict } from '../targets.ts';
import { collectedCases } from './collected.ts';
import { compareOrders, orders, type SetReport } from './compare.ts';
import { generatedCases } from './generated.ts';

const WORKERS = [2, 4, 8, 16];
/** On the graphs with proven optima; plain FIFO is at 1.017 and 1.25 there. */
const TARGETS = { mean: 1.005, worst: 1.1 };

const collected = [
  { set: 'workflows', folder: 'wf' },
  { set: 'stg', folder: 'stg' },
] as const;

interface ScheduleReport extends SuiteDocument {
  readonly suite: 'schedule';
  /** The numbers of workers that every graph ran on. */
  readonly workers: readonly number[];
  readonly sets: readonly SetReport[];
}

export const scheduleSuite: Suite = {
  summary:
    'makespans in simulated time: the critical path first, beside other orders and the optimum',

  async run({ quick, cases, progress }) {
    const sets: SetReport[] = [];
    const skipped: string[] = [];
    const compare = async (set: string, of: ReturnType<typeof generatedCases>): Promise<void> => {
      progress(`schedule: ${set}, ${of.length} graphs`);
      sets.push(await compareOrders(set, of, WORKERS));
    };
    const generated = generatedCases(quick ? 2 : 12);
    for (const set of new Set(generated.map((of) => of.set)))
      await compare(
        set,
        generated.filter((of) => of.set === set),
      );
    for (const { set, folder } of collected) {
      const of = collectedCases(set, join(cases, folder));
      if (of === undefined || of.length === 0)
        skipped.push(`${set}: skipped, there are no graphs in ${join(cases, folder)}`);
      else await compare(set, of);
    }
    const verdicts = sets.filter(({ set }) => set === 'stg').flatMap(targets);
    const document: ScheduleReport = {
      suite: 'schedule',
      quick,
      machine: thisMachine(),
      workers: WORKERS,
      sets,
      verdicts,
      skipped,
    };
    return {
      document,
      text: render(sets, skipped, verdicts),
      missed: verdicts.some(({ met }) => met === false),
    };
  },
};

function targets({ orders: { 'critical path': first } }: SetReport): Verdict[] {
  return [
    atMost('stg: mean makespan / optimum', first.mean, TARGETS.mean),
    atMost('stg: worst makespan / optimum', first.worst, TARGETS.worst),
  ];
}

function render(
  sets: readonly SetReport[],
  skipped: readonly string[],
  verdicts: readonly Verdict[],
): string {
  const head = ['', 'graphs', 'runs', 'against', ...orders.flatMap((o) => [`${o}: mean`, 'worst'])];
  const rows = sets.map(({ set, graphs, runs, against, orders: of }) => [
    set,
    String(graphs),
    String(runs),
    against,
    ...orders.flatMap((order) => [of[order].mean.toFixed(4), of[order].worst.toFixed(3)]),
  ]);
  const judged = verdicts.map((verdict) => [
    verdict.name,
    verdict.value?.toFixed(4) ?? '-',
    verdict.target,
    verdictWord(verdict),
  ]);
  const parts = [
    `Makespans on ${WORKERS.join(', ')} workers, over the optimum or over what no schedule can be below`,
    drawTable(head, rows),
    ...(judged.length > 0 ? [drawTable(['', 'measured', 'target', ''], judged)] : []),
    ...(skipped.length > 0 ? [skipped.join('\n')] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}
