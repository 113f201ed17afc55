import { NotPossible } from '../contender.ts';
import { withTempFile } from '../durable/temp-file.ts';
import { measureInterleaved, type Timed } from '../measure.ts';
import { runOpenWorkflow, type OpenWorkflowRun } from '../peers/openworkflow.ts';
import { plan, type Plan, type ShapeName } from '../shapes.ts';
import type { SuiteOptions } from '../suite.ts';
import { assertAllRan, countedWork } from '../work.ts';
import { timeDagger, timeRawLoop, traceDagger } from './durable-dagger.ts';
import { isSkipped, type DurableEngineName, type DurableRow, type Skipped } from './report.ts';

const durablePlans: readonly (readonly [ShapeName, number])[] = [
  ['chain', 1_000],
  ['fan', 1_000],
  ['layered', 10_000],
];

/** Steps per second on a SQLite file: dagger, the raw loop that writes dagger's rows again, and OpenWorkflow. */
export async function measureDurable({ quick, progress }: SuiteOptions): Promise<DurableRow[]> {
  const rows: DurableRow[] = [];
  for (const [shape, nodes] of durablePlans) {
    progress(`durable: ${shape}, ${nodes.toLocaleString('en-US')} nodes`);
    rows.push(await measureRow(plan(shape, nodes), quick ? 2 : 7));
  }
  return rows;
}

async function measureRow(graph: Plan, rounds: number): Promise<DurableRow> {
  const traces = await orSkipped('dagger', () => traceDagger(graph));
  const attempts: Record<DurableEngineName, (() => Promise<number>) | Skipped> = {
    dagger: isSkipped(traces) ? traces : () => timeDagger(graph),
    'raw loop': isSkipped(traces)
      ? { skipped: 'raw loop: it writes the rows of dagger, and there are none' }
      : () => timeRawLoop(traces),
    'openworkflow, normal': await ableOpenWorkflow(graph, 'normal'),
    'openworkflow, full': await ableOpenWorkflow(graph, 'full'),
  };
  const engines = Object.entries(attempts) as [
    DurableEngineName,
    (() => Promise<number>) | Skipped,
  ][];
  const timed = engines.flatMap(([name, once]): Timed<DurableEngineName>[] =>
    isSkipped(once) ? [] : [{ name, once }],
  );
  const timings = await measureInterleaved(timed, { rounds, budgetMs: 6_000 });
  const speeds = engines.map(([name, attempt]) => {
    const timing = timings.get(name);
    if (!timing) return [name, attempt];
    return [
      name,
      { stepsPerSecond: (graph.nodes.length / timing.milliseconds) * 1000, rounds: timing.rounds },
    ];
  });
  return {
    shape: graph.shape,
    nodes: graph.nodes.length,
    speeds: Object.fromEntries(speeds) as DurableRow['speeds'],
    written: isSkipped(traces)
      ? traces
      : {
          commits: traces.commits,
          rows: traces.written.rowCount,
          databaseBytesPerNode: traces.bytes / graph.nodes.length,
        },
  };
}

/** One untimed run finds out whether it can. */
async function ableOpenWorkflow(
  graph: Plan,
  synchronous: OpenWorkflowRun['synchronous'],
): Promise<(() => Promise<number>) | Skipped> {
  const once = (): Promise<number> =>
    withTempFile(async (file) => {
      const work = countedWork();
      const took = await runOpenWorkflow({ file, plan: graph, work, synchronous });
      assertAllRan('openworkflow', work, graph.nodes.length);
      return took;
    });
  return orSkipped('openworkflow', async () => {
    await once();
    return once;
  });
}

async function orSkipped<T>(engine: string, attempt: () => Promise<T>): Promise<T | Skipped> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof NotPossible) return { skipped: `${engine}: ${error.message}` };
    throw error;
  }
}
