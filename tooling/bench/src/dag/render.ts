import { contenderNames, peerNames } from '../contender.ts';
import { digits, drawTable, Footnotes } from '../table.ts';
import { verdictWord, type Verdict } from '../targets.ts';
import { isSkipped, type DagReport, type DurableEngineName, type Row } from './report.ts';
import { ratioName } from './verdicts.ts';

/** The report as tables: each number with its target and "met" or "missed" beside it. */
export function renderDag(report: DagReport): string {
  const notes = new Footnotes();
  const { node, cpu, cores, platform } = report.machine;
  const verdicts = new Map(report.verdicts.map((verdict) => [verdict.name, verdict]));
  const sections = [
    `bench dag${report.quick ? ' --quick' : ''}: Node ${node}, ${platform}, ${cores} x ${cpu}`,
    section(
      'In memory: microseconds per no-op async node (build + run, warm; medians)',
      speeds([...report.inMemory, ...report.growth], notes),
    ),
    section(
      'dagger over the others (target: at most 2 x the object floor, below 1 x every peer)',
      ratios([...report.inMemory, ...report.growth], verdicts),
    ),
    section(
      'Does dagger / object floor grow with the graph? (the ratio of the ratios)',
      verdictLines(report, /: growth of /),
    ),
    section('Memory, layered graph, a process each', memory(report, notes)),
    section(
      'Durable, SQLite file in WAL, synchronous normal: steps per second',
      durable(report, notes),
    ),
    section('Durable targets', verdictLines(report, /^durable /)),
    notes.lines().join('\n'),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function section(title: string, body: string): string {
  return `${title}\n\n${body}`;
}

function speeds(rows: readonly Row[], notes: Footnotes): string {
  const lines = rows.map((row) => [
    title(row),
    ...contenderNames.map((name) => {
      const cell = row.cells[name];
      return isSkipped(cell) ? notes.mark(cell.skipped) : digits(cell.microsecondsPerNode);
    }),
  ]);
  return drawTable(['', ...contenderNames], lines);
}

function ratios(rows: readonly Row[], verdicts: ReadonlyMap<string, Verdict>): string {
  const others = ['object floor', ...peerNames] as const;
  return drawTable(
    ['', ...others],
    rows.map((row) => [
      title(row),
      ...others.map((other) => judged(verdicts.get(ratioName(row, other)))),
    ]),
  );
}

function memory(report: DagReport, notes: Footnotes): string {
  const lines = report.memory.map(({ contender, nodes, result }) => {
    if (isSkipped(result)) return [contender, count(nodes), notes.mark(result.skipped), ''];
    return [
      contender,
      count(nodes),
      digits(result.keptBytesPerNode),
      digits(result.peakBytesPerNode),
    ];
  });
  const table = drawTable(['', 'nodes', 'heap kept, B a node', 'peak RSS growth, B a node'], lines);
  return `${table}\n\n${verdictLines(report, /^memory: /)}`;
}

function durable(report: DagReport, notes: Footnotes): string {
  const engines: readonly DurableEngineName[] = [
    'dagger',
    'raw loop',
    'openworkflow, normal',
    'openworkflow, full',
  ];
  const lines = report.durable.map(({ shape, nodes, speeds: bySpeed, written }) => [
    `${shape} ${count(nodes)}`,
    ...engines.map((engine) => {
      const speed = bySpeed[engine];
      return isSkipped(speed) ? notes.mark(speed.skipped) : digits(speed.stepsPerSecond);
    }),
    ...(isSkipped(written)
      ? ['-', '-', '-', '-']
      : [
          count(written.commits),
          digits(written.commits / nodes),
          count(written.rows),
          digits(written.databaseBytesPerNode),
        ]),
  ]);
  return drawTable(
    ['', ...engines, 'commits', 'commits a node', 'rows', 'database B a node'],
    lines,
  );
}

function verdictLines(report: DagReport, which: RegExp): string {
  const lines = report.verdicts
    .filter(({ name }) => which.test(name))
    .map((verdict) => [
      verdict.name,
      verdict.value === null ? '-' : digits(verdict.value),
      verdict.target,
      verdictWord(verdict),
    ]);
  return drawTable(['', 'measured', 'target', ''], lines);
}

function judged(verdict: Verdict | undefined): string {
  return !verdict || verdict.value === null
    ? '-'
    : `${digits(verdict.value)} ${verdictWord(verdict)}`;
}

function title({ shape, nodes }: Row): string {
  return `${shape} ${count(nodes)}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
