import { peerNames, type ContenderName } from '../contender.ts';
import { atLeast, atMost, below, type Verdict } from '../targets.ts';
import {
  isSkipped,
  type Cell,
  type DurableEngineName,
  type DurableRow,
  type MemoryCell,
  type Row,
} from './report.ts';
import { memoryNodes } from './sizes.ts';

/** How much the ratio to the floor may differ between two sizes before it is called growth: the noise of a shared machine. */
const NOISE = 1.1;

export function ratioName(row: Row, other: ContenderName): string {
  return `${row.shape} ${row.nodes}: dagger / ${other}`;
}

/** Every row against the object floor and the peers. */
export function rowVerdicts(rows: readonly Row[]): Verdict[] {
  return rows.flatMap((row) => [
    atMost(ratioName(row, 'object floor'), ratio(row, 'object floor'), 2),
    ...peerNames.map((peer) => below(ratioName(row, peer), ratio(row, peer), 1)),
  ]);
}

/** The ratio at the largest size over the ratio at the smallest, shape by shape. */
export function growthVerdicts(rows: readonly Row[]): Verdict[] {
  return [...new Set(rows.map(({ shape }) => shape))].map((shape) => {
    const ofShape = rows.filter((row) => row.shape === shape);
    const [smallest, largest] = [ofShape[0]!, ofShape.at(-1)!];
    const [before, after] = [ratio(smallest, 'object floor'), ratio(largest, 'object floor')];
    const name = `${shape}: growth of dagger / object floor from ${smallest.nodes} to ${largest.nodes}`;
    return atMost(name, before === null || after === null ? null : after / before, NOISE);
  });
}

/** Judged at full size only: at 10,000 nodes even the object floor's peak is above 3 KB a node. */
export function memoryVerdicts(cells: readonly MemoryCell[]): Verdict[] {
  const cell = cells.find(({ contender }) => contender === 'dagger');
  const usage = !cell || isSkipped(cell.result) || cell.nodes < memoryNodes ? null : cell.result;
  return [
    atMost('memory: kept bytes per node', usage?.keptBytesPerNode ?? null, 1024),
    atMost('memory: peak bytes per node', usage?.peakBytesPerNode ?? null, 2048),
  ];
}

export function durableVerdicts(rows: readonly DurableRow[]): Verdict[] {
  return rows.flatMap((row) => {
    const title = `durable ${row.shape} ${row.nodes}`;
    const commits = isSkipped(row.written) ? null : row.written.commits;
    return [
      atLeast(`${title}: dagger / raw loop`, speedRatio(row, 'raw loop'), 0.5),
      atLeast(
        `${title}: dagger / openworkflow, normal`,
        speedRatio(row, 'openworkflow, normal'),
        20,
      ),
      atLeast(`${title}: dagger / openworkflow, full`, speedRatio(row, 'openworkflow, full'), 20),
      ...(row.shape === 'chain'
        ? [atMost(`${title}: commits per node`, commits === null ? null : commits / row.nodes, 1.2)]
        : []),
      ...(row.shape === 'fan' ? [atMost(`${title}: commits`, commits, 50)] : []),
    ];
  });
}

function ratio(row: Row, other: ContenderName): number | null {
  const [ours, theirs] = [microseconds(row.cells.dagger), microseconds(row.cells[other])];
  return ours === null || theirs === null ? null : ours / theirs;
}

function microseconds(cell: Cell): number | null {
  return isSkipped(cell) ? null : cell.microsecondsPerNode;
}

function speedRatio({ speeds }: DurableRow, other: DurableEngineName): number | null {
  const [ours, theirs] = [speeds.dagger, speeds[other]];
  return isSkipped(ours) || isSkipped(theirs) ? null : ours.stepsPerSecond / theirs.stepsPerSecond;
}
