import { plan, shapeNames } from '../shapes.ts';
import type { SuiteOptions } from '../suite.ts';
import type { Row } from './report.ts';
import { measureRows, type RowPlan, type Starter } from './rows.ts';
import { longestRoundMs, patience, sizes } from './sizes.ts';

/** Microseconds per no-op node, build and run, over the shapes and sizes. */
export async function measureInMemory(options: SuiteOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const shape of shapeNames) {
    const prepare = (nodes: number): Starter => {
      const graph = plan(shape, nodes);
      return (contender, work) => contender.run(graph, work);
    };
    rows.push(...(await measureRows({ ...settings(options), shape, prepare })));
  }
  return rows;
}

/** The same for a graph that grows while it runs: each node adds two. */
export function measureGrowth(options: SuiteOptions): Promise<Row[]> {
  const prepare =
    (nodes: number): Starter =>
    (contender, work) =>
      contender.grow(nodes, work);
  return measureRows({ ...settings(options), shape: 'growth', prepare });
}

function settings({ quick, progress }: SuiteOptions): Omit<RowPlan, 'shape' | 'prepare'> {
  return {
    sizes: sizes(quick),
    patience: patience(quick),
    longestRoundMs: longestRoundMs(quick),
    progress,
  };
}
