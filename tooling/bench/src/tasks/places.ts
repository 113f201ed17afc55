import { Redis } from 'ioredis';
import { Client } from 'pg';
import { POSTGRES, REDIS } from '../servers.ts';
import type { Group } from './contender.ts';

let used = 0;

/** A name that nothing else on the server has. */
export function freshName(): string {
  used += 1;
  return `dagger_bench_tasks_${process.pid}_${used}`;
}

/** The name of a schema of its own, dropped afterwards; whoever uses it creates it. */
export async function withSchema<T>(use: (schema: string) => Promise<T>): Promise<T> {
  const schema = freshName();
  try {
    return await use(schema);
  } finally {
    await withClient((client) => client.query(`drop schema if exists ${schema} cascade`));
  }
}

export async function withClient<T>(use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: POSTGRES, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** The groups whose server does not answer, each with the reason. */
export async function missingServers(): Promise<Map<Group, string>> {
  const missing = new Map<Group, string>();
  await withClient((client) => client.query('select 1')).catch((error: unknown) =>
    missing.set('postgres', `PostgreSQL: skipped, ${messageOf(error)}`),
  );
  await pingRedis().catch((error: unknown) =>
    missing.set('redis', `Redis: skipped, ${messageOf(error)}`),
  );
  return missing;
}

async function pingRedis(): Promise<void> {
  const redis = new Redis(REDIS, { lazyConnect: true, retryStrategy: () => null });
  // The call that waits for the connection is told only that there is none.
  const broken = new Promise<never>((_, reject) => redis.once('error', reject));
  try {
    await Promise.race([broken, redis.connect().then(() => redis.ping())]);
  } finally {
    redis.disconnect();
  }
}

/** Of the refused addresses of one host the first speaks for all. */
function messageOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message : String(first);
}
