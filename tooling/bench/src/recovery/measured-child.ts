import { DagExecutor, openStorage } from '@dagger/core';
import { median } from '../measure.ts';
import { registryOf } from './flow.ts';
import type { Found } from './child.ts';

/**
 * Run by child.ts in a process of its own: `measured-child.ts <storage> <run> <passes>`, one JSON line on stdout.
 * The first resumption finds nothing compiled, as in a program that starts again after a crash.
 */
const [url, runId, passes] = process.argv.slice(2) as [string, string, string];

const first = await resume();
const raw: Raw[] = [];
const later: number[] = [];
for (let pass = 0; pass < Number(passes); pass += 1) {
  raw.push(await readRaw());
  later.push(await resume());
}
const found: Found = {
  rawMs: median(raw.map(({ journalMs }) => journalMs)),
  allRowsMs: median(raw.map(({ allMs }) => allMs)),
  firstMs: first,
  laterMs: median(later),
  rows: raw[0]!.rows,
  characters: raw[0]!.characters,
};
process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit());

interface Raw {
  readonly journalMs: number;
  readonly allMs: number;
  readonly rows: number;
  readonly characters: number;
}

/** The floor: every row of the journal and its JSON as objects; then the definition of the graph as well. */
async function readRaw(): Promise<Raw> {
  const storage = await openStorage(url);
  const { definition_hash: hash } = await storage.db
    .selectFrom('dagger_runs')
    .select('definition_hash')
    .where('id', '=', runId)
    .executeTakeFirstOrThrow();
  const began = performance.now();
  const rows = await storage.db
    .selectFrom('dagger_journal')
    .select(['seq', 'body'])
    .where('run_id', '=', runId)
    .orderBy('seq')
    .execute();
  const parsed: unknown[] = rows.map(({ body }) => JSON.parse(body) as unknown);
  const journalMs = performance.now() - began;
  const { body } = await storage.db
    .selectFrom('dagger_definitions')
    .select('body')
    .where('hash', '=', hash)
    .executeTakeFirstOrThrow();
  parsed.push(JSON.parse(body));
  const allMs = performance.now() - began;
  if (parsed.length < 2) throw new Error(`run '${runId}' has no journal`);
  await storage.close();
  const characters = rows.reduce((sum, row) => sum + row.body.length, 0);
  return { journalMs, allMs, rows: rows.length, characters };
}

/**
 * From asking a new executor for the run until a node of it has started again. The node never ends, so that the next round
 * finds the run as this one did.
 */
async function resume(): Promise<number> {
  const registry = registryOf(() => new Promise<never>(() => {}));
  const executor = await DagExecutor.open({ storage: await openStorage(url), registry });
  const began = performance.now();
  const run = await executor.startResume(runId);
  const milliseconds = await new Promise<number>((resolve, reject) => {
    run.events.subscribe((event) => {
      if (event.type === 'NodeStarted') resolve(performance.now() - began);
    });
    run.done.then(({ status }) => reject(new Error(`the run ended ${status}`)), reject);
  });
  await executor.close();
  return milliseconds;
}
