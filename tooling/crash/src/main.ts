// Kills a process of each scenario on both sides of every commit, and looks at what became of it. Names of scenarios as
// arguments, and of a database as `--database`: only those.
import { parseArgs } from 'node:util';
import { crashAtEveryCommit, type CrashReport } from '@dagger/testing';
import { databases, type Database } from './databases.ts';
import { scenarios } from './scenarios.ts';

interface Row extends CrashReport {
  readonly scenario: string;
  readonly database: string;
}

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false }, database: { type: 'string' } },
  allowPositionals: true,
});
const { json } = values;
const unknown = positionals.find((name) => scenarios[name] === undefined);
if (unknown !== undefined) throw new Error(`there is no scenario '${unknown}'`);
const rows: Row[] = [];
const skipped: { readonly database: string; readonly reason: string }[] = [];

const line = (...cells: readonly string[]): void => {
  const [scenario = '', database = '', points = '', unreached = '', violations = ''] = cells;
  if (!json)
    console.log(
      scenario.padEnd(16),
      database.padEnd(10),
      points.padStart(11),
      unreached.padStart(11),
      violations.padStart(11),
    );
};

const tryAll = async ({ name: database, storage, drop }: Database): Promise<void> => {
  for (const [scenario, module] of Object.entries(scenarios)) {
    if (positionals.length > 0 && !positionals.includes(scenario)) continue;
    const report = await crashAtEveryCommit({
      scenario: module,
      ...(storage === undefined ? {} : { storage }),
      ...(drop === undefined ? {} : { drop }),
    });
    rows.push({ scenario, database, ...report });
    const { points, unreached, violations } = report;
    line(scenario, database, ...[points, unreached, violations.length].map(String));
    if (json) continue;
    for (const { commit, side, message } of violations)
      console.log(`  ${side} commit ${commit}: ${message}`);
  }
};

line('scenario', 'database', 'kill points', 'not reached', 'violations');
for (const database of await databases()) {
  if (values.database !== undefined && values.database !== database.name) {
    await database.close?.();
    continue;
  }
  if (database.skipped !== undefined) {
    skipped.push({ database: database.name, reason: database.skipped });
    if (!json) console.log(`${database.name} is skipped: ${database.skipped}`);
    continue;
  }
  try {
    await tryAll(database);
  } finally {
    await database.close?.();
  }
}
if (json) console.log(JSON.stringify({ rows, skipped }, null, 2));
process.exitCode = rows.every(({ violations }) => violations.length === 0) ? 0 : 1;
