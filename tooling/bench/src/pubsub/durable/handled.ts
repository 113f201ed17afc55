import Database from 'better-sqlite3';
import { orderOf, type HandleOrder } from './contender.ts';

/** Counts what is handled, order by order, so that nobody can lose, repeat or change one. */
export interface Handled {
  readonly handle: HandleOrder;
  /** Throws unless each order came once, as it was published. */
  readonly check: (contender: string) => void;
}

export const countHandled = (messages: number): Handled => {
  const times = new Uint8Array(messages);
  let [handled, wrong] = [0, 0];
  return {
    handle: async ({ n, paid, note }) => {
      const { paid: isPaid, note: text } = orderOf(n);
      if (times[n] !== 0 || paid !== isPaid || note !== text) wrong += 1;
      times[n] = 1;
      handled += 1;
    },
    check: (contender) => {
      if (wrong === 0 && handled === messages) return;
      throw new Error(
        `${contender}: ${handled} messages handled instead of ${messages}, ${wrong} of them wrong: its numbers would mean nothing`,
      );
    },
  };
};

/** Throws unless a file has each message, and nothing left to be delivered. */
export const checkFile = (contender: string, file: string, messages: number): void => {
  const database = new Database(file, { readonly: true });
  try {
    const tables = database
      .prepare("select name from sqlite_master where type = 'table'")
      .pluck()
      .all() as string[];
    const rows = (of: string): number => {
      const name = tables.find((table) => table === of || table === `dagger_pubsub_${of}`);
      return database.prepare(`select count(*) from ${name}`).pluck().get() as number;
    };
    const [stored, left] = [rows('messages'), rows('deliveries')];
    if (stored === messages && left === 0) return;
    throw new Error(
      `${contender}: ${stored} messages stored instead of ${messages}, ${left} deliveries left`,
    );
  } finally {
    database.close();
  }
};
