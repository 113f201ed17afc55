import { thisMachine } from '../machine.ts';
import { shapeNames } from '../shapes.ts';
import type { Suite, SuiteDocument } from '../suite.ts';
import { atMost, below, type Verdict } from '../targets.ts';
import { postgresServer, sqliteFile, type RecoveryDatabase } from './databases.ts';
import { renderRecovery } from './render.ts';
import { measureRow, type Effort, type RecoveryRow } from './row.ts';

const SIZES = [10_000, 100_000];
/** A run goes on within so many milliseconds after a crash. */
const LONGEST_MS = 1_000;
/** A resumption against reading and parsing the rows of the journal. */
const MOST_TIMES_RAW = 3;

/** Everything that `bench recovery` found. */
interface RecoveryReport extends SuiteDocument {
  readonly suite: 'recovery';
  readonly rows: readonly RecoveryRow[];
}

export const recoverySuite: Suite = {
  summary: 'from a crash near the end of a run until it goes on, beside reading its rows',

  async run({ quick, progress }) {
    const server = await postgresServer();
    const databases: readonly RecoveryDatabase[] =
      'skipped' in server ? [sqliteFile] : [sqliteFile, server];
    const skipped = 'skipped' in server ? [server.skipped] : [];
    const rows: RecoveryRow[] = [];
    for (const database of databases) {
      for (const nodes of quick ? SIZES.slice(0, 1) : SIZES) {
        if (nodes > database.largest) {
          const size = nodes.toLocaleString('en-US');
          skipped.push(`${database.name}, ${size} nodes: skipped, to get there takes too long`);
          continue;
        }
        for (const shape of shapeNames) {
          progress(`recovery: ${database.name}, ${shape}, ${nodes.toLocaleString('en-US')} nodes`);
          rows.push(await measureRow(database, { shape, nodes }, effort(quick, nodes)));
        }
      }
    }
    const verdicts = rows.flatMap(targets);
    const document: RecoveryReport = {
      suite: 'recovery',
      quick,
      machine: thisMachine(),
      rows,
      verdicts,
      skipped,
    };
    return {
      document,
      text: renderRecovery(rows, verdicts, skipped),
      missed: verdicts.some(({ met }) => met === false),
    };
  },
};

function effort(quick: boolean, nodes: number): Effort {
  if (quick) return { rounds: 3, passes: 9 };
  return nodes > 10_000 ? { rounds: 5, passes: 5 } : { rounds: 7, passes: 15 };
}

function targets({ database, shape, nodes, plain }: RecoveryRow): Verdict[] {
  const name = `${database} ${shape} ${nodes}`;
  return [
    below(`${name}: ms until it goes on, in a new process`, plain.firstMs, LONGEST_MS),
    atMost(
      `${name}: until it goes on / all its rows`,
      plain.laterMs / plain.allRowsMs,
      MOST_TIMES_RAW,
    ),
  ];
}
