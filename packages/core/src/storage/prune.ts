import type { Clock } from '../clock.ts';
import { isDead } from './owner.ts';
import { ENDED, type Pruned, type RetentionPolicy } from './retention.ts';
import type { Storage } from './storage.ts';
import { sweepBlobs, sweepDefinitions, sweepMemos } from './sweep.ts';
import { DELETED, type RunRow } from './tables.ts';

const DAY = 86_400_000;
/** Runs looked at together. */
const PAGE = 100;
/** Journal rows deleted in one transaction. */
const ROWS = 1_000;

type Candidate = Pick<
  RunRow,
  'id' | 'status' | 'created_at' | 'finished_at' | 'owner' | 'fence' | 'lease_until'
>;

/**
 * Deletes what a policy gives up: runs with all that belongs to them, old results for later runs, and then the large
 * values and graphs that nothing refers to any more. In many short transactions, so that others can write in between;
 * when it is cut off, the next one goes on.
 * @param signal stops between two of them
 */
export const prune = async (
  storage: Storage,
  clock: Clock,
  policy: RetentionPolicy,
  signal?: AbortSignal,
): Promise<Pruned> => {
  await finishDeleting(storage);
  return {
    runs: await pruneRuns(storage, clock, policy, signal),
    memos:
      policy.memoMaxAgeDays === undefined
        ? 0
        : await sweepMemos(storage, clock.now() - policy.memoMaxAgeDays * DAY, signal),
    blobs: await sweepBlobs(storage, signal),
    definitions: await sweepDefinitions(storage, signal),
  };
};

const pruneRuns = async (
  storage: Storage,
  clock: Clock,
  { maxAgeDays, maxRuns, statuses = ENDED }: RetentionPolicy,
  signal: AbortSignal | undefined,
): Promise<number> => {
  if ((maxAgeDays === undefined && maxRuns === undefined) || statuses.length === 0) return 0;
  const now = clock.now();
  const oldest = maxAgeDays === undefined ? -Infinity : now - maxAgeDays * DAY;
  let seen = 0;
  let deleted = 0;
  let last: Candidate | undefined;
  do {
    const page = await candidates(storage, statuses, last);
    for (const run of page) {
      if (signal?.aborted === true) return deleted;
      const tooMany = ++seen > (maxRuns ?? Infinity);
      const tooOld = (run.finished_at ?? run.created_at) <= oldest;
      if ((tooMany || tooOld) && isFree(run, now) && (await deleteRun(storage, run))) deleted++;
    }
    last = page.at(-1);
  } while (last !== undefined);
  return deleted;
};

/** The next runs after one of a page, the most recent first. */
const candidates = async (
  { db }: Storage,
  statuses: readonly string[],
  last: Candidate | undefined,
): Promise<Candidate[]> => {
  let query = db
    .selectFrom('dagger_runs')
    .select(['id', 'status', 'created_at', 'finished_at', 'owner', 'fence', 'lease_until'])
    .where('status', 'in', statuses)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(PAGE);
  if (last !== undefined) {
    const { created_at, id } = last;
    query = query.where((eb) =>
      eb.or([
        eb('created_at', '<', created_at),
        eb.and([eb('created_at', '=', created_at), eb('id', '<', id)]),
      ]),
    );
  }
  return query.execute();
};

/** Whether nobody works on a run, as far as its lease tells. */
const isFree = ({ owner, lease_until }: Candidate, now: number): boolean =>
  owner === null || lease_until < now || isDead(owner);

/** False when somebody took the run up meanwhile. */
const deleteRun = async (storage: Storage, run: Candidate): Promise<boolean> => {
  // From here on the run is gone for everybody. Whoever had it finds another fence, and whoever claims it was too late.
  const marked = await storage.db
    .updateTable('dagger_runs')
    .set({ status: DELETED, fence: run.fence + 1, owner: null, lease_until: 0 })
    .where('id', '=', run.id)
    .where('fence', '=', run.fence)
    .where('status', '=', run.status)
    .executeTakeFirst();
  if (marked.numUpdatedRows !== 1n) return false;
  await deleteRows(storage, run.id);
  return true;
};

/** Goes on with deletions that were cut off. */
const finishDeleting = async (storage: Storage): Promise<void> => {
  const rows = await storage.db
    .selectFrom('dagger_runs')
    .select('id')
    .where('status', '=', DELETED)
    .execute();
  for (const { id } of rows) await deleteRows(storage, id);
};

/** Deletes everything that belongs to a run that is marked as deleted; the run itself last. */
const deleteRows = async (storage: Storage, runId: string): Promise<void> => {
  for (;;) {
    const bound = await storage.db
      .selectFrom('dagger_journal')
      .select('seq')
      .where('run_id', '=', runId)
      .orderBy('seq')
      .offset(ROWS - 1)
      .limit(1)
      .executeTakeFirst();
    if (bound === undefined) break;
    await storage.db
      .deleteFrom('dagger_journal')
      .where('run_id', '=', runId)
      .where('seq', '<=', bound.seq)
      .execute();
  }
  await storage.transaction(async (trx) => {
    for (const table of ['dagger_journal', 'dagger_inbox', 'dagger_snapshots'] as const)
      await trx.deleteFrom(table).where('run_id', '=', runId).execute();
    await trx.deleteFrom('dagger_blob_refs').where('run_id', '=', runId).execute();
    await trx.deleteFrom('dagger_runs').where('id', '=', runId).execute();
  });
};
