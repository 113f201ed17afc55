import { digits, drawTable } from '../table.ts';
import { verdictWord, type Verdict } from '../targets.ts';
import type { RecoveryRow } from './row.ts';

const HEAD = [
  '',
  'rows',
  'journal',
  'all rows',
  'new process',
  'again',
  'again / journal',
  'again / all rows',
  'snapshot: new process',
  'again',
];

const LEGEND = `Milliseconds, medians. journal: every row of the journal read and parsed; all rows: and the row with the graph,
without which no run goes on. new process: from startResume to the first NodeStarted, nothing compiled. again: the same by a
new executor in a process that has done it before, beside the rows there. snapshot: the same for a run that has one, taken
at 95 %.`;

export function renderRecovery(
  rows: readonly RecoveryRow[],
  verdicts: readonly Verdict[],
  skipped: readonly string[],
): string {
  const lines = rows.map(({ database, shape, nodes, plain, snapshot }) => [
    `${database} ${shape} ${nodes.toLocaleString('en-US')}`,
    plain.rows.toLocaleString('en-US'),
    digits(plain.rawMs),
    digits(plain.allRowsMs),
    digits(plain.firstMs),
    digits(plain.laterMs),
    digits(plain.laterMs / plain.rawMs),
    digits(plain.laterMs / plain.allRowsMs),
    digits(snapshot.firstMs),
    digits(snapshot.laterMs),
  ]);
  const judged = verdicts.map((verdict) => [
    verdict.name,
    verdict.value === null ? '-' : digits(verdict.value),
    verdict.target,
    verdictWord(verdict),
  ]);
  const parts = [
    'Runs that were killed at 99 %, until they go on',
    drawTable(HEAD, lines),
    LEGEND,
    drawTable(['', 'measured', 'target', ''], judged),
    ...(skipped.length > 0 ? [skipped.join('\n')] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}
