import { digits, drawTable, Footnotes } from '../table.ts';
import { verdictWord } from '../targets.ts';
import { shapes, type Shape } from './contender.ts';
import {
  isSkipped,
  type Latency,
  type Skipped,
  type TasksReport,
  type TasksRow,
} from './report.ts';
import { sizeOf } from './throughput.ts';

const LEGEND = `Independent tasks; one task that all the others wait for; a chain, each waiting for the one before. From the first call
that enqueues until the last task is known to be complete. A batch of a floor is one transaction; one by one each has its own.
sqlite normal survives the end of the process, sqlite full and postgres (synchronous_commit as the server has it) also that of
the machine. redis keeps what its server is configured to keep, by default less than any of these: not to be compared.`;

const LATENCIES = `Milliseconds from the call that enqueues one task in an idle system until its handler begins; pg-boss with
LISTEN/NOTIFY. The floors only commit the task, then the claim.`;

/** The report as tables. */
export function renderTasks(report: TasksReport): string {
  const notes = new Footnotes();
  const { quick, machine, rows, verdicts, skipped } = report;
  const judged = verdicts.map((verdict) => [
    verdict.name,
    verdict.value === null ? '-' : digits(verdict.value),
    verdict.target,
    verdictWord(verdict),
  ]);
  const parts = [
    `bench tasks${quick ? ' --quick' : ''}: Node ${machine.node}, ${machine.platform}, ${machine.cores} x ${machine.cpu}`,
    'No-op tasks per second, end to end (medians)',
    drawTable(
      ['', ...shapes.map((shape) => `${titles[shape]} ${count(sizeOf(shape, quick))}`)],
      rows.map((row) => [title(row), ...shapes.map((shape) => speed(row, shape, report, notes))]),
    ),
    LEGEND,
    'Dispatch, and recovery from a killed worker',
    drawTable(
      ['', 'in process p50', 'p99', 'across processes p50', 'p99', 'recovery, ms'],
      rows
        .filter(({ role, latency }) => role !== 'floor' || !isSkipped(latency))
        .map((row) => [
          title(row),
          ...latency(row.latency, notes),
          ...latency(row.latencyAcross, notes),
          isSkipped(row.recovery)
            ? notes.mark(row.recovery.skipped)
            : digits(row.recovery.milliseconds),
        ]),
    ),
    LATENCIES,
    notes.lines().join('\n'),
    'Targets',
    drawTable(['', 'measured', 'target', ''], judged),
    skipped.join('\n'),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const titles: Readonly<Record<Shape, string>> = {
  independent: 'independent',
  fanOut: 'fan-out',
  chain: 'chain',
};

function title({ group, name }: TasksRow): string {
  return `${group}: ${name}`;
}

function speed(row: TasksRow, shape: Shape, { quick }: TasksReport, notes: Footnotes): string {
  const found = row.speeds[shape];
  if (isSkipped(found)) return notes.mark(found.skipped);
  const number = digits(found.tasksPerSecond);
  return found.tasks >= sizeOf(shape, quick)
    ? number
    : `${number} ${notes.number(`${row.name}: over ${found.tasks} tasks, more take too long`)}`;
}

function latency(found: Latency | Skipped, notes: Footnotes): string[] {
  return isSkipped(found)
    ? [notes.mark(found.skipped), '']
    : [digits(found.p50), digits(found.p99)];
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
