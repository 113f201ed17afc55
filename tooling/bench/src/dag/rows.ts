import {
  contenderNames,
  loadContender,
  NotPossible,
  type Contender,
  type ContenderName,
} from '../contender.ts';
import { measureInterleaved, type Patience, type Timed } from '../measure.ts';
import { estimateMs, type Measured } from '../patience.ts';
import { assertAllRan, countedWork, type Work } from '../work.ts';
import type { Cell, Row } from './report.ts';

export interface RowPlan {
  readonly shape: string;
  readonly sizes: readonly number[];
  /** Makes the starter for a graph of so many nodes; only the starter is timed. */
  readonly prepare: (nodes: number) => Starter;
  readonly patience: (nodes: number) => Patience;
  /** Who is estimated to take longer for one round is skipped. */
  readonly longestRoundMs: number;
  readonly progress: (line: string) => void;
}

export type Starter = (contender: Contender, work: Work) => Promise<unknown>;

const SMALLEST = 10;

/** One row per size, the small ones first: what they took says who can be asked for the next. */
export async function measureRows(plan: RowPlan): Promise<Row[]> {
  const rows: Row[] = [];
  const measured = new Map<ContenderName, Measured[]>(contenderNames.map((name) => [name, []]));
  const unable = await findUnable(plan.prepare(SMALLEST));
  for (const nodes of plan.sizes) {
    plan.progress(`in memory: ${plan.shape}, ${nodes.toLocaleString('en-US')} nodes`);
    const start = plan.prepare(nodes);
    const cells = new Map<ContenderName, Cell>();
    const timed: Timed<ContenderName>[] = [];
    for (const name of contenderNames) {
      const reason =
        unable.get(name) ??
        tooSlow(name, estimateMs(measured.get(name)!, nodes), plan.longestRoundMs);
      if (reason === undefined)
        timed.push({ name, once: timedOnce(await loadContender(name), nodes, start) });
      else cells.set(name, { skipped: reason });
    }
    for (const [name, { milliseconds, rounds }] of await measureInterleaved(
      timed,
      plan.patience(nodes),
    )) {
      cells.set(name, { microsecondsPerNode: (milliseconds * 1000) / nodes, rounds });
      measured.get(name)!.push({ nodes, milliseconds });
    }
    const inOrder = contenderNames.map((name) => [name, cells.get(name)!] as const);
    rows.push({ shape: plan.shape, nodes, cells: Object.fromEntries(inOrder) as Row['cells'] });
  }
  return rows;
}

function timedOnce(contender: Contender, nodes: number, start: Starter): () => Promise<number> {
  return async () => {
    const work = countedWork();
    const began = performance.now();
    await start(contender, work);
    const took = performance.now() - began;
    assertAllRan(contender.name, work, nodes);
    return took;
  };
}

/** A try at a tiny graph finds who cannot do this at all; any other failure ends the benchmark. */
async function findUnable(start: Starter): Promise<Map<ContenderName, string>> {
  const unable = new Map<ContenderName, string>();
  for (const name of contenderNames) {
    try {
      await timedOnce(await loadContender(name), SMALLEST, start)();
    } catch (error) {
      if (!(error instanceof NotPossible)) throw error;
      unable.set(name, `${name}: ${error.message}`);
    }
  }
  return unable;
}

function tooSlow(name: ContenderName, estimateMs: number, longestMs: number): string | undefined {
  if (estimateMs <= longestMs) return undefined;
  const seconds = Math.round(estimateMs / 1000).toLocaleString('en-US');
  return `${name}: about ${seconds} s a round, by what the smaller sizes took`;
}
