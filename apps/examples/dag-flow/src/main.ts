import { join, relative } from 'node:path';
import { ActionRegistry, DagExecutor } from '@dagger/core';
import { sqlite } from '@dagger/sqlite';
import { callerFolder, workFolder } from './data/work-folder.ts';
import { drawRun } from './picture/draw-run.ts';
import { outputText } from './terminal/output-text.ts';
import { printReport } from './terminal/print-report.ts';
import { liveProgress } from './terminal/progress.ts';
import { weatherActions } from './weather/actions.ts';

const folder = workFolder();
const database = join(folder, 'runs.db');
const pipeline = join(import.meta.dirname, '..', 'pipelines', 'data-processing.yaml');
const { onEvent, logger } = liveProgress(process.stdout);

await using executor = await DagExecutor.open({
  registry: new ActionRegistry(weatherActions),
  storage: sqlite(database),
  logger,
});
const graph = await executor.loadYamlFile(pipeline);
console.log(`${graph.name}: ${graph.description}\n`);

const run = await executor.start(graph.name, { inputs: { output_folder: folder } });
run.events.subscribe(onEvent);
const report = await run.done;
printReport(report, process.stdout);

console.log(`\n${outputText(report, 'write_report', 'markdown')}`);

const picture = join(folder, `${graph.name}.svg`);
await drawRun(executor, report, picture);
console.log(`Database  ${relative(callerFolder(), database)}`);
console.log(`Picture   ${relative(callerFolder(), picture)}`);
process.exitCode = report.success ? 0 : 1;
