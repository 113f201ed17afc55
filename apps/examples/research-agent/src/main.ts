import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sqlite } from '@dagger/sqlite';
import { openLibrary } from './library/library.ts';
import { readFactbook } from './library/read-factbook.ts';
import { openResearch, startResearch } from './open-research.ts';
import { inWords } from './terminal.ts';
import { ruleThinking } from './thinking/rule-thinking.ts';
import type { Report } from './thinking/report.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pace: { type: 'string', default: '0' }, id: { type: 'string' } },
});
const questions =
  positionals.length > 0
    ? positionals
    : ['Disputes over rivers and dams', 'Desalinisation as a source of fresh water'];
// The same questions are the same job: started again, it goes on or gives what it gave.
const hash = createHash('sha256').update(JSON.stringify(questions)).digest('hex');
const { pace, id = `research-${hash.slice(0, 8)}` } = values;

const folder = join(process.env['INIT_CWD'] ?? process.cwd(), '.dagger', 'research-agent');
await mkdir(folder, { recursive: true });
const library = openLibrary(await readFactbook());
console.log(`${library.size} passages of the World Factbook; process ${process.pid}\n`);

await using manager = await openResearch({
  storage: sqlite(join(folder, 'tasks.db')),
  desk: { library, thinking: ruleThinking(library), pace: Number(pace) },
});
const job = await startResearch(manager, id, questions);
if (!job.isNew) console.log(`job '${job.id}' is there already: ${await job.status()}`);
job.events.subscribe((event) => {
  const line = inWords(event);
  if (line !== undefined) console.log(line);
});
const { success, outputs, error } = await job.done;
console.log(success ? `\n${(outputs['report'] as Report).markdown}` : `\n${error?.message ?? ''}`);
process.exitCode = success ? 0 : 1;
