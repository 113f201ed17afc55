import type { Kysely } from 'kysely';
import type { CoreTables } from './tables.ts';

/** How much the latest run counts against all before it. */
const LATEST = 0.3;

/** Seconds by the id of a node. */
export type Durations = ReadonlyMap<string, number>;

/** Reads the body of a row; nothing from what it cannot read, since only an order depends on it. */
export const readDurations = (body: string | undefined): Durations => {
  if (body === undefined) return new Map();
  try {
    const { seconds } = JSON.parse(body) as { readonly seconds: Readonly<Record<string, number>> };
    return new Map(Object.entries(seconds).filter(([, s]) => typeof s === 'number' && s >= 0));
  } catch {
    return new Map();
  }
};

/**
 * What is known after another run: a moving mean, in which the latest run counts for three tenths, to the millisecond. Of
 * the nodes that did not run this time those are kept that the graph still has.
 */
export const blended = (
  before: Durations,
  latest: Durations,
  has: (id: string) => boolean,
): Durations => {
  const known = new Map([...before].filter(([id]) => has(id)));
  for (const [id, seconds] of latest) {
    const old = known.get(id);
    const mean = old === undefined ? seconds : old + LATEST * (seconds - old);
    known.set(id, Math.round(mean * 1_000) / 1_000);
  }
  return known;
};

/** The body of the row of a graph: what its runs have taught so far. */
export const durationsBody = async (
  db: Kysely<CoreTables>,
  dag: string,
): Promise<string | undefined> => {
  const row = await db
    .selectFrom('dagger_durations')
    .select('body')
    .where('dag', '=', dag)
    .executeTakeFirst();
  return row?.body;
};

/** Adds the durations of a run to those of its graph. */
export const keepDurations = async (
  db: Kysely<CoreTables>,
  dag: string,
  latest: Durations,
  has: (id: string) => boolean,
): Promise<void> => {
  const known = blended(readDurations(await durationsBody(db, dag)), latest, has);
  const body = JSON.stringify({ seconds: Object.fromEntries(known) });
  await db
    .insertInto('dagger_durations')
    .values({ dag, body })
    .onConflict((c) => c.column('dag').doUpdateSet({ body }))
    .execute();
};
