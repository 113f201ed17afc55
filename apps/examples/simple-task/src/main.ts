import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sqlite } from '@dagger/sqlite';
import { compareWeather, openWeather } from './compare-weather.ts';

const folder = join(process.env['INIT_CWD'] ?? process.cwd(), '.dagger', 'simple-task');
await mkdir(folder, { recursive: true });

await using manager = await openWeather(sqlite(join(folder, 'tasks.db')));
const job = await compareWeather(manager);
const { status, outputs } = await job.done;
for (const task of await job.tasks())
  console.log(`${task.state.padEnd(9)} ${task.key} (${task.agent}), run ${task.runs}`);
console.log(`\n${status}\n`);
console.log((outputs['objective'] as { text: string }).text);
console.log(`\n${await manager.mermaid(job.id)}`);
