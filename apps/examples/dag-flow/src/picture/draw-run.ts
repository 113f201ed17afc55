import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toDot, type DagExecutor, type RunReport } from '@dagger/core';
import { Graphviz } from '@hpcc-js/wasm-graphviz';

/** Draws what a run did as SVG, with the nodes that it grew. */
export const drawRun = async (
  executor: DagExecutor,
  report: RunReport,
  path: string,
): Promise<void> => {
  const dot = toDot(await executor.runGraph(report.runId), report);
  const graphviz = await Graphviz.load();
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, graphviz.layout(dot, 'svg', 'dot'));
};
