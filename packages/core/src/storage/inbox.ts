import type { Transaction } from 'kysely';
import type { CancelTimer } from '../clock.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import { isOwned, type RunStore } from './run-store.ts';
import type { CoreTables } from './tables.ts';

/** A command that came from outside of the process that owns the run. */
export interface InboxMessage {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly command: ExecutorCommand;
}

/**
 * Commands for one run from other processes. A message is taken off in the commit that carries it out, so that it is
 * neither lost nor carried out twice; until then every `read` gives it, the oldest first.
 */
export interface Inbox {
  read(): Promise<readonly InboxMessage[]>;
  /** Calls `wake` when there may be something new, until it is called off. */
  watch(wake: () => void): CancelTimer;
}

/** Milliseconds between two looks; the longer one where the database wakes us. */
const LOOK = 500;
const RARE_LOOK = 5_000;

/** The body of a message that is taken up. It stays for a while, so that a sender in doubt does not send it again. */
const TAKEN = '';
/** Milliseconds. */
const REMEMBERED = 60_000;

export const inboxTopic = (runId: string): string => `dagger_inbox:${runId}`;

export const databaseInbox = (store: RunStore, runId: string): Inbox => ({
  async read() {
    const rows = await store.storage.db
      .selectFrom('dagger_inbox')
      .select(['id', 'at', 'body'])
      .where('run_id', '=', runId)
      .where('body', '!=', TAKEN)
      .orderBy('id')
      .execute();
    return rows.map(({ id, at, body }) => ({
      id,
      at,
      command: JSON.parse(body) as ExecutorCommand,
    }));
  },

  watch(wake) {
    const { clock, storage } = store;
    const pause = storage.subscribe === undefined ? LOOK : RARE_LOOK;
    let over = false;
    let timer: CancelTimer = () => {};
    const look = (): void => {
      timer = clock.after(pause, () => {
        wake();
        look();
      });
    };
    look();
    const tell = (): void => {
      if (!over) wake();
    };
    const subscription = storage
      .subscribe?.(inboxTopic(runId), tell)
      .then((unsubscribe) => {
        // What came before the database listened woke nobody.
        tell();
        return unsubscribe;
      })
      // Looking from time to time is enough.
      .catch(() => undefined);
    return () => {
      over = true;
      timer();
      void subscription?.then((unsubscribe) => unsubscribe?.()).catch(() => {});
    };
  },
});

let sequence = 0;

/** An id that sorts by the time of arrival, within a process also in the same millisecond. */
const arrivalId = (now: number, nonce: string): string => {
  sequence = (sequence + 1) % 1_000_000;
  const time = Math.max(0, Math.trunc(now)).toString(36).padStart(10, '0');
  return `${time}-${String(sequence).padStart(6, '0')}-${nonce}`;
};

/**
 * Leaves a command for whoever owns the run, or will own it. Durable when it resolves, with the id of the message.
 *
 * When the acknowledgement is lost, one looks for the message. It is not written again where it is absent: the run may
 * have taken it up by then, and would carry it out twice.
 * @throws DaggerError STORAGE_FAILED when it is not known to be stored
 */
export const putCommand = async (
  store: RunStore,
  runId: string,
  command: ExecutorCommand,
  nonce: string,
): Promise<string> => {
  const at = store.clock.now();
  const id = arrivalId(at, nonce);
  await store.insist(runId, {
    write: async () => {
      await store.storage.db
        .insertInto('dagger_inbox')
        .values({ id, run_id: runId, at, body: JSON.stringify(command) })
        .execute();
    },
    // What was written in spite of an error is there, and stays there for a while after it is taken up.
    look: async () => {
      const row = await store.storage.db
        .selectFrom('dagger_inbox')
        .select('id')
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? undefined : { value: undefined };
    },
  });
  return id;
};

/** Whether nobody has taken a message up yet. */
export const isInInbox = async (store: RunStore, id: string): Promise<boolean> =>
  (await store.storage.db
    .selectFrom('dagger_inbox')
    .select('id')
    .where('id', '=', id)
    .where('body', '!=', TAKEN)
    .executeTakeFirst()) !== undefined;

/**
 * Takes a message back; false when somebody has taken it up already, or may be about to, since they work on the run.
 */
export const withdraw = async (store: RunStore, runId: string, id: string): Promise<boolean> => {
  const { clock, storage } = store;
  return storage.transaction(async (trx) => {
    // Who takes the run up changes this row, and only then reads the inbox.
    const row = await trx
      .selectFrom('dagger_runs')
      .select(['owner', 'lease_until'])
      .where('id', '=', runId)
      .$if(storage.abilities.rowLocks, (q) => q.forShare())
      .executeTakeFirst();
    if (row !== undefined && isOwned(row, clock.now())) return false;
    const { numDeletedRows } = await trx
      .deleteFrom('dagger_inbox')
      .where('id', '=', id)
      .where('body', '!=', TAKEN)
      .executeTakeFirst();
    return numDeletedRows === 1n;
  });
};

/** Notes, in the commit that carries them out, that messages are taken up; forgets those of which nobody asks any more. */
export const markTaken = async (
  trx: Transaction<CoreTables>,
  runId: string,
  ids: readonly string[],
  now: number,
): Promise<void> => {
  if (ids.length === 0) return;
  await trx.updateTable('dagger_inbox').set({ body: TAKEN }).where('id', 'in', ids).execute();
  await trx
    .deleteFrom('dagger_inbox')
    .where('run_id', '=', runId)
    .where('body', '=', TAKEN)
    .where('at', '<', now - REMEMBERED)
    .execute();
};
