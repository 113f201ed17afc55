import { Pool } from 'pg';
import { POSTGRES } from '../../servers.ts';
import { waitsFor } from '../calls.ts';
import type { Shape } from '../contender.ts';

const SCHEMA = `
  create table tasks (
    id integer primary key, payload jsonb not null, missing integer not null, state smallint not null default 0,
    attempt integer not null default 0, lease_until timestamptz, output jsonb
  );
  create index ready on tasks (id) where state = 0 and missing = 0;
  create table edges (dep integer not null, task integer not null, primary key (dep, task));
`;

const INSERT = `insert into tasks (id, payload, missing)
  select task, jsonb_build_object('task', task), (dep is not null)::int from unnest($1::int[], $2::int[]) as t (task, dep)`;
const INSERT_CONNECTED = `with connected as (
    insert into edges (dep, task)
    select dep, task from unnest($1::int[], $2::int[]) as t (task, dep) where dep is not null
  ) ${INSERT}`;
/** Materialized, so that no plan looks for the next ones more than once. */
const CLAIM = `with next as materialized (
    select id from tasks where state = 0 and missing = 0 order by id limit $1 for update skip locked
  ) update tasks set state = 1, attempt = attempt + 1, lease_until = now() + interval '30 s'
  where id in (select id from next) returning id`;
const COMPLETE = `update tasks set state = 2, lease_until = null, output = '{}' where id = any ($1::int[])`;
const COMPLETE_AND_RELEASE = `with completed as (${COMPLETE} returning id)
  update tasks set missing = missing - done.deps from (
    select task, count(*)::int as deps from edges join completed on dep = id group by task
  ) done where tasks.id = done.task`;

/** The least that a queue with leases and dependencies does in PostgreSQL: one prepared statement for each thing. */
export interface PostgresQueue {
  readonly enqueue: (tasks: readonly number[]) => Promise<void>;
  readonly claim: (atMost: number) => Promise<number[]>;
  readonly complete: (tasks: readonly number[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openPostgresQueue(
  schema: string,
  shape: Shape,
  connections: number,
): Promise<PostgresQueue> {
  const pool = new Pool({
    connectionString: POSTGRES,
    max: connections,
    options: `-c search_path=${schema}`,
  });
  await pool.query(`create schema ${schema}`);
  await pool.query(SCHEMA);
  const [insert, complete] =
    shape === 'independent' ? [INSERT, COMPLETE] : [INSERT_CONNECTED, COMPLETE_AND_RELEASE];
  return {
    enqueue: async (tasks) => {
      const deps = tasks.map((task) => waitsFor(shape, task) ?? null);
      await pool.query({ name: 'insert', text: insert, values: [tasks, deps] });
    },
    claim: async (atMost) => {
      const { rows } = await pool.query<{ id: number }>({
        name: 'claim',
        text: CLAIM,
        values: [atMost],
      });
      return rows.map(({ id }) => id);
    },
    complete: async (tasks) => {
      await pool.query({ name: 'complete', text: complete, values: [tasks] });
    },
    close: () => pool.end(),
  };
}
