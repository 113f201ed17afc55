import { median } from '../measure.ts';
import type { ShapeName } from '../shapes.ts';
import { interrupt, measureRun, type Found } from './child.ts';
import type { RecoveryDatabase } from './databases.ts';

export interface RecoveryCase {
  readonly shape: ShapeName;
  readonly nodes: number;
}

/** One interrupted run, twice: without a snapshot, and with one that was written at 95 % of the run. */
export interface RecoveryRow extends RecoveryCase {
  readonly database: string;
  readonly plain: Found;
  readonly snapshot: Found;
}

export interface Effort {
  /** Processes per run. */
  readonly rounds: number;
  /** Resumptions in each after the first. */
  readonly passes: number;
}

/** Medians over several processes, the two runs by turns. */
export async function measureRow(
  database: RecoveryDatabase,
  of: RecoveryCase,
  { rounds, passes }: Effort,
): Promise<RecoveryRow> {
  return database.use(async (url) => {
    await interrupt({ url, runId: 'plain' }, of, false);
    await interrupt({ url, runId: 'snapshot' }, of, true);
    const plain: Found[] = [];
    const snapshot: Found[] = [];
    for (let round = 0; round < rounds; round += 1) {
      plain.push(await measureRun(url, 'plain', passes));
      snapshot.push(await measureRun(url, 'snapshot', passes));
    }
    return { ...of, database: database.name, plain: medians(plain), snapshot: medians(snapshot) };
  });
}

function medians(found: readonly Found[]): Found {
  const of = (key: keyof Found): number => median(found.map((one) => one[key]));
  return {
    rawMs: of('rawMs'),
    allRowsMs: of('allRowsMs'),
    firstMs: of('firstMs'),
    laterMs: of('laterMs'),
    rows: of('rows'),
    characters: of('characters'),
  };
}
