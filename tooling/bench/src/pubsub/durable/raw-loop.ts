import { randomUUID } from 'node:crypto';
import Database from 'better-sqlite3';
import {
  AT_ONCE,
  orderOf,
  type DurableContender,
  type DurablePass,
  type Order,
} from './contender.ts';

const SCHEMA = `
  create table messages (
    seq integer primary key autoincrement, id text not null unique, channel text not null, time integer not null, payload text not null
  );
  create table deliveries (reader integer not null, seq integer not null, primary key (reader, seq)) without rowid;
`;

interface Read {
  readonly seq: number;
  readonly payload: string;
}

/** Acknowledges some messages and publishes some orders in one transaction. */
type Commit = (done: readonly Read[], orders: readonly Order[]) => void;

/**
 * The least that durable channels in SQLite do: a loop whose transaction ends the deliveries that were handled and inserts the next
 * messages with theirs; then it reads what there is, and hands it to the handler.
 */
export const rawLoop = (synchronous: 'normal' | 'full'): DurableContender => ({
  name: 'raw group-commit loop',
  role: 'floor',
  group: `sqlite ${synchronous}`,

  async run({ place, messages, handle }: DurablePass) {
    const database = new Database(place);
    database.pragma('journal_mode = wal');
    database.pragma(`synchronous = ${synchronous}`);
    database.exec(SCHEMA);
    const acknowledge = database.prepare('delete from deliveries where reader = 1 and seq = ?');
    const publish = database.prepare(
      'insert into messages (id, channel, time, payload) values (?, ?, ?, ?)',
    );
    const deliver = database.prepare('insert into deliveries (reader, seq) values (1, ?)');
    const read = database.prepare<[number], Read>(
      `select seq, payload from deliveries join messages using (seq) where reader = 1 order by seq limit ?`,
    );
    // In the order of publishing, as the ids of dagger are: that keeps the index small to write.
    const process = randomUUID();
    const idOf = ({ n }: Order): string => `${process}-${String(n).padStart(9, '0')}`;
    const commit = database.transaction<Commit>((done, orders) => {
      for (const { seq } of done) acknowledge.run(seq);
      for (const order of orders)
        deliver.run(
          publish.run(idOf(order), 'orders', Date.now(), JSON.stringify(order)).lastInsertRowid,
        );
    });
    try {
      const began = performance.now();
      let done: readonly Read[] = [];
      for (let next = 0; next < messages || done.length > 0;) {
        const orders = Array.from({ length: Math.min(AT_ONCE, messages - next) }, (_, i) =>
          orderOf(next + i),
        );
        next += orders.length;
        commit.immediate(done, orders);
        done = read.all(AT_ONCE);
        await Promise.all(done.map(async ({ payload }) => handle(JSON.parse(payload) as Order)));
      }
      return performance.now() - began;
    } finally {
      database.close();
    }
  },
});
