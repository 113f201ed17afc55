import { openDatabase, type AnyTables } from '../data/database.ts';
import { readCsv } from '../data/read-csv.ts';
import { replaceTable } from '../data/replace-table.ts';

/** The claims as a system of record would hold them: as they came in, with every fault of the names. */
export interface ClaimsTables {
  claims: { operator: string; date: string; damage: string; cost: number };
}

/** Loads birdstrikes.csv into the table `claims` of a SQLite file. */
export const writeClaimsDatabase = async (path: string, signal: AbortSignal): Promise<void> => {
  const { rows } = await readCsv('dataset:birdstrikes.csv', { signal });
  await using opened = openDatabase<AnyTables>(path);
  await replaceTable(
    opened.db,
    'claims',
    rows.map(({ values }) => ({
      operator: values['Aircraft Airline Operator'] ?? '',
      date: values['Flight Date'] ?? '',
      damage: values['Effect Amount of damage'] ?? '',
      cost: Number(values['Cost Total $']),
    })),
  );
};
