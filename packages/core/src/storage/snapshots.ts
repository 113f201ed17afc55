import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { CacheExport } from '../cache/cache.ts';
import type { NumberedEvent } from '../run/public-events.ts';
import type { StateSnapshot } from '../run/snapshot.ts';
import { unknownRun, type RunStore } from './run-store.ts';
import { DELETED } from './tables.ts';

/** A run after one of its events: reading goes on from there. */
export interface RunSnapshot {
  readonly state: StateSnapshot;
  readonly cache: CacheExport;
  /** Events that the hooks have not seen. */
  readonly unseen: readonly NumberedEvent[];
}

/** What is known of a snapshot without reading it. */
export interface SavedSnapshot {
  /** The number of the last event in it. */
  readonly seq: number;
  /** Compressed. */
  readonly bytes: number;
}

const compress = promisify(gzip);
const expand = promisify(gunzip);

/**
 * Writes a snapshot; it takes the place of older ones of the run.
 * @param createdAt when the run was stored: one that is deleted by now gets none, nor a later one of its id
 * @throws DaggerError RUN_UNKNOWN
 */
export const saveSnapshot = async (
  store: RunStore,
  { runId, createdAt }: { readonly runId: string; readonly createdAt: number },
  snapshot: RunSnapshot,
): Promise<SavedSnapshot> => {
  const { seq } = snapshot.state;
  const body = await compress(JSON.stringify(snapshot), { level: 1 });
  await store.storage.transaction(async (trx) => {
    // Deleting begins with a change of this row, and waits where several write at a time.
    await trx
      .selectFrom('dagger_runs')
      .select('id')
      .where('id', '=', runId)
      .where('created_at', '=', createdAt)
      .where('status', '!=', DELETED)
      .$if(store.storage.abilities.rowLocks, (q) => q.forShare())
      .executeTakeFirstOrThrow(() => unknownRun(runId, store.storage));
    await trx
      .insertInto('dagger_snapshots')
      .values({ run_id: runId, seq, at: store.clock.now(), body })
      .onConflict((c) => c.columns(['run_id', 'seq']).doNothing())
      .execute();
    await trx
      .deleteFrom('dagger_snapshots')
      .where('run_id', '=', runId)
      .where('seq', '<', seq)
      .execute();
  });
  return { seq, bytes: body.length };
};

/** The latest snapshot of a run; undefined when there is none, or it cannot be read: the journal tells everything. */
export const latestSnapshot = async (
  store: RunStore,
  runId: string,
): Promise<RunSnapshot | undefined> => {
  const row = await store.storage.db
    .selectFrom('dagger_snapshots')
    .select('body')
    .where('run_id', '=', runId)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  try {
    return JSON.parse((await expand(row.body)).toString()) as RunSnapshot;
  } catch {
    return undefined;
  }
};
