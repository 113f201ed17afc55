import Database from 'better-sqlite3';
import type { Shape } from '../contender.ts';
import { waitsFor } from '../calls.ts';

const SCHEMA = `
  create table tasks (
    id integer primary key, payload text not null, missing integer not null, state integer not null default 0,
    attempt integer not null default 0, lease_until integer, output text
  );
  create index ready on tasks (id) where state = 0 and missing = 0;
  create table edges (dep integer not null, task integer not null, primary key (dep, task)) without rowid;
`;

const INSERT = `insert into tasks (id, payload, missing)
  select value ->> 'task', value -> 'payload', value ->> 'dep' is not null from json_each(?)`;
const CONNECT = `insert into edges (dep, task)
  select value ->> 'dep', value ->> 'task' from json_each(?) where value ->> 'dep' is not null`;
const CLAIM = `update tasks set state = 1, attempt = attempt + 1, lease_until = ?
  where id in (select id from tasks where state = 0 and missing = 0 order by id limit ?) returning id`;
const COMPLETE = `update tasks set state = 2, lease_until = null, output = '{}'
  where id in (select value from json_each(?))`;
const RELEASE = `update tasks set missing = missing - done.deps from (
    select task, count(*) deps from edges where dep in (select value from json_each(?)) group by task
  ) done where id = done.task`;

/** The least that a queue with leases and dependencies does in SQLite: prepared statements over sets of tasks. */
export interface SqliteQueue {
  /** In one transaction. */
  readonly enqueue: (tasks: readonly number[]) => void;
  /** Completes some, and claims the next, in one transaction. */
  readonly step: (done: readonly number[], atMost: number) => number[];
  readonly close: () => void;
}

export function openSqliteQueue(
  file: string,
  shape: Shape,
  synchronous: 'normal' | 'full',
): SqliteQueue {
  const database = new Database(file);
  database.pragma('journal_mode = wal');
  database.pragma(`synchronous = ${synchronous}`);
  database.exec(SCHEMA);
  const [insert, connect] = [database.prepare(INSERT), database.prepare(CONNECT)];
  const claim = database.prepare<[number, number], number>(CLAIM).pluck();
  const [complete, release] = [database.prepare(COMPLETE), database.prepare(RELEASE)];
  const enqueue = database.transaction((tasks: readonly number[]): void => {
    const rows = JSON.stringify(
      tasks.map((task) => ({ task, payload: { task }, dep: waitsFor(shape, task) })),
    );
    insert.run(rows);
    if (shape !== 'independent') connect.run(rows);
  });
  const step = database.transaction((done: readonly number[], atMost: number): number[] => {
    if (done.length > 0) {
      const ids = JSON.stringify(done);
      complete.run(ids);
      if (shape !== 'independent') release.run(ids);
    }
    return claim.all(Date.now() + 30_000, atMost);
  });
  return {
    enqueue: (tasks) => enqueue.immediate(tasks),
    step: (done, atMost) => step.immediate(done, atMost),
    close: () => database.close(),
  };
}
