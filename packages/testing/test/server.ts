import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

/** The server that tests use: as `DAGGER_TEST_POSTGRES` says. */
export const SERVER: string =
  process.env['DAGGER_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';

const withClient = async (work: (client: Client) => Promise<unknown>): Promise<void> => {
  const client = new Client({ connectionString: SERVER, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
};

/** Why there is no server, or undefined when there is one. */
export const serverIsMissing = async (): Promise<string | undefined> => {
  try {
    await withClient(async (client) => client.query('select 1'));
    return undefined;
  } catch (error) {
    return `no server answers (${error instanceof Error && 'code' in error ? String(error.code) : String(error)})`;
  }
};

/** The name of a schema that nobody uses. */
export const unusedSchema = (): string => `dagger_${randomUUID().replaceAll('-', '')}`;

export const dropSchema = async (schema: string): Promise<void> =>
  withClient(async (client) => client.query(`drop schema if exists ${schema} cascade`));
