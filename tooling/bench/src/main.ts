import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { dagSuite } from './dag/suite.ts';
import { pubsubSuite } from './pubsub/suite.ts';
import { recoverySuite } from './recovery/suite.ts';
import { scheduleSuite } from './schedule/suite.ts';
import type { Suite } from './suite.ts';
import { tasksSuite } from './tasks/suite.ts';

const suites: Readonly<Record<string, Suite>> = {
  dag: dagSuite,
  schedule: scheduleSuite,
  recovery: recoverySuite,
  tasks: tasksSuite,
  pubsub: pubsubSuite,
};

/** Beside the project, where there is one. */
const CASES = fileURLToPath(new URL('../../../../shared/cases/', import.meta.url));

const help = `Usage: pnpm bench <suite> [--quick] [--json] [--cases <folder>]

Suites:
${Object.entries(suites)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}

Options:
  --quick    fewer rounds, no graph of 100,000 nodes, fewer tasks and messages: a smoke test, a minute or two
  --json     one JSON document on stdout instead of the tables: suite, quick, machine, verdicts, skipped, and what the
             suite measured
  --cases    the folder with graphs that others collected, for schedule; default ../shared/cases
  --help     this text

recovery, tasks and pubsub use the PostgreSQL server that DAGGER_TEST_POSTGRES names, tasks also the Redis server that
DAGGER_TEST_REDIS names, pubsub the NATS server that DAGGER_TEST_NATS names; what needs a server that does not answer is skipped by name.

Progress goes to stderr. The exit code is 1 when schedule (its time is simulated), recovery, tasks or pubsub misses a target, 0
whatever the timings of dag are, and 2 for a suite or an option that does not exist.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const asked = readArgs(args);
  if (typeof asked === 'string') return refuse(asked);
  if (asked.help) {
    process.stdout.write(help);
    return 0;
  }
  const suite = Object.hasOwn(suites, asked.suite) ? suites[asked.suite] : undefined;
  if (!suite)
    return refuse(asked.suite === '' ? 'Which suite?' : `There is no suite "${asked.suite}".`);
  const report = await suite.run({
    quick: asked.quick,
    cases: asked.cases,
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(asked.json ? `${JSON.stringify(report.document, null, 2)}\n` : report.text);
  return report.missed === true ? 1 : 0;
}

function readArgs(
  args: string[],
): { suite: string; quick: boolean; json: boolean; cases: string; help: boolean } | string {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      args,
      options: {
        quick: flag,
        json: flag,
        cases: { type: 'string', default: CASES },
        help: { ...flag, short: 'h' },
      },
      allowPositionals: true,
    });
    if (positionals.length > 1)
      return `One suite at a time: ${positionals.join(', ')} were asked for.`;
    return { ...values, suite: positionals[0] ?? '' };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function refuse(message: string): number {
  process.stderr.write(
    `${message}\nSuites: ${Object.keys(suites).join(', ')}. Options: --quick, --json, --cases, --help.\n`,
  );
  return 2;
}
