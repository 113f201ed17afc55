import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { flowOutputs } from '@dagger/core';
import { sqlite } from '@dagger/sqlite';
import { openFlow } from './open-flow.ts';

const task = process.argv.slice(2).join(' ') || 'Describe the penguins and the earthquakes';
const { PLANNER_API_KEY: key, PLANNER_URL: url, PLANNER_MODEL: name } = process.env;
const folder = join(process.env['INIT_CWD'] ?? process.cwd(), '.dagger', 'agent-flow');
await mkdir(folder, { recursive: true });

await using executor = await openFlow({
  storage: sqlite(join(folder, 'runs.db')),
  ...(key === undefined
    ? {}
    : {
        model: {
          key,
          ...(url === undefined ? {} : { url }),
          ...(name === undefined ? {} : { model: name }),
        },
      }),
});
const report = await executor.executeDag({ task });
for (const { id, action, status, error } of Object.values(report.nodes))
  console.log(`${status.padEnd(9)} ${id} (${action})${error === null ? '' : `: ${error.message}`}`);
console.log(`\n${report.status}\n`);
console.log(flowOutputs(report)?.['report'] ?? report.error?.message ?? '');
process.exitCode = report.success ? 0 : 1;
