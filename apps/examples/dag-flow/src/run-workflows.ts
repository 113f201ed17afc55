import { join, relative } from 'node:path';
import { ActionRegistry } from '@dagger/core';
import { sqlite } from '@dagger/sqlite';
import { actions } from './actions.ts';
import { writeClaimsDatabase } from './customers/claims-database.ts';
import { callerFolder, workFolder } from './data/work-folder.ts';
import { serveDatasets } from './http/dataset-server.ts';
import { runWorkflow } from './run-workflow.ts';
import { liveProgress } from './terminal/progress.ts';
import { workflows } from './workflow.ts';

const folder = workFolder();
const claimsDatabase = join(folder, 'claims.db');
const runs = join(folder, 'runs.db');
await writeClaimsDatabase(claimsDatabase, new AbortController().signal);
await using server = await serveDatasets();

const registry = new ActionRegistry(actions);
const here = (path: string): string => relative(callerFolder(), path);
const summary: string[] = [];
for (const workflow of workflows({ carsUrl: server.url('cars.json'), claimsDatabase })) {
  console.log(`\n${workflow.file}`);
  const report = await runWorkflow(workflow, {
    registry,
    folder,
    storage: sqlite(runs),
    progress: liveProgress(process.stdout),
  });
  console.log(`\n${report.success ? workflow.outcome(report) : (report.error?.message ?? '')}`);
  const { succeeded, total } = report.counts;
  summary.push(`${workflow.file}: ${report.status}, ${succeeded} of ${total} nodes`);
  if (!report.success) process.exitCode = 1;
}
console.log(`\n${summary.join('\n')}\n\nDatabase  ${here(runs)}\nPictures  ${here(folder)}`);
