import { DaggerError } from '@dagger/core';
import { Client, type ClientConfig } from 'pg';
import { typeParsers } from './type-parsers.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`; the fields below go over it. */
  readonly url?: string;
  readonly host?: string;
  /** Default 5432. */
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  /** A function is asked for every connection, for passwords that expire. */
  readonly password?: string | (() => string | Promise<string>);
  /** As in `tls.connect`; `true` checks the certificate of the server. */
  readonly ssl?: boolean | { readonly [option: string]: unknown };
  /** How many connections there may be at a time, beside the one that listens. Default 10. */
  readonly max?: number;
  /** The schema of the tables, made when absent. Default: the first of the server's `search_path`, usually `public`. */
  readonly schema?: string;
  /** Milliseconds to wait for a connection, a new one or one of the others. Default 30,000. */
  readonly connectTimeout?: number;
  /** How the connections are called in `pg_stat_activity`. Default `dagger`. */
  readonly applicationName?: string;
}

/** Options as they are after defaults and the parameters of the URL. */
export interface Address {
  readonly client: ClientConfig;
  readonly max: number;
  readonly connectTimeout: number;
  readonly schema: string | undefined;
  /** Host, port and database, for people; without user and password. */
  readonly location: string;
  /** A URL that says the same, password included; undefined where none can. */
  readonly url: string | undefined;
}

/** An error that names no part of the URL: any of them may be the password. */
const unreadable = (): DaggerError =>
  new DaggerError(
    'STORAGE_URL',
    'the PostgreSQL URL cannot be read; it is postgres://user:password@host:port/database, with special characters as %XX',
  );

const whole = (name: string, value: number, least: number): number => {
  if (Number.isInteger(value) && value >= least) return value;
  throw new DaggerError(
    'STORAGE_URL',
    `${name} must be a whole number of at least ${least}, not ${String(value)}`,
  );
};

interface OwnParameters {
  /** The URL without them. */
  readonly rest: string;
  readonly schema?: string;
  readonly max?: number;
}

/** Takes `schema` and `max` out of a URL; every other parameter means what it means to `pg`. */
const ownParameters = (text: string): OwnParameters => {
  if (!/^postgres(?:ql)?:\/\//.test(text)) throw unreadable();
  const question = text.indexOf('?');
  if (question === -1) return { rest: text };
  const parameters = new URLSearchParams(text.slice(question + 1));
  const [schema, max] = [parameters.get('schema'), parameters.get('max')];
  parameters.delete('schema');
  parameters.delete('max');
  return {
    rest:
      parameters.size === 0
        ? text.slice(0, question)
        : `${text.slice(0, question)}?${parameters.toString()}`,
    ...(schema === null ? {} : { schema }),
    ...(max === null ? {} : { max: Number(max) }),
  };
};

/** @throws DaggerError STORAGE_URL */
export const readAddress = (given: string | PostgresOptions): Address => {
  const options: PostgresOptions = typeof given === 'string' ? { url: given } : given;
  const { url, schema, max, connectTimeout, applicationName, ...fields } = options;
  const own: Partial<OwnParameters> = url === undefined ? {} : ownParameters(url);
  const inSchema = schema ?? own.schema;
  // PostgreSQL would cut a longer name off, and refuse the other one.
  if (
    inSchema !== undefined &&
    (inSchema === '' || Buffer.byteLength(inSchema) > 63 || inSchema.includes('\0'))
  )
    throw new DaggerError('STORAGE_URL', 'schema must be a name of 1 to 63 bytes');
  const client: ClientConfig = {
    ...(own.rest === undefined ? {} : { connectionString: own.rest }),
    ...(Object.fromEntries(
      Object.entries(fields).filter(([, value]) => value !== undefined),
    ) as ClientConfig),
    application_name: applicationName ?? 'dagger',
    keepAlive: true,
    types: typeParsers,
  };
  return {
    client,
    max: whole('max', max ?? own.max ?? 10, 1),
    connectTimeout: whole('connectTimeout', connectTimeout ?? 30_000, 1),
    schema: inSchema,
    location: locationOf(client),
    url: typeof given === 'string' ? given : urlOf(given),
  };
};

/** A password that is asked for and certificates stand in no URL. */
const urlOf = ({
  url,
  host,
  port,
  database,
  user,
  password,
  ssl,
  max,
  schema,
}: PostgresOptions): string | undefined => {
  if (typeof password === 'function' || typeof ssl === 'object') return undefined;
  const address = new URL(url ?? 'postgres://localhost');
  if (host !== undefined) {
    if (host.startsWith('/')) address.searchParams.set('host', host);
    else address.hostname = host;
  }
  if (port !== undefined) address.port = String(port);
  if (database !== undefined) address.pathname = `/${encodeURIComponent(database)}`;
  if (user !== undefined) address.username = encodeURIComponent(user);
  if (password !== undefined) address.password = encodeURIComponent(password);
  if (ssl !== undefined) address.searchParams.set('sslmode', ssl ? 'verify-full' : 'disable');
  if (max !== undefined) address.searchParams.set('max', String(max));
  if (schema !== undefined) address.searchParams.set('schema', schema);
  return address.href;
};

const locationOf = (config: ClientConfig): string => {
  try {
    // Makes no connection, but knows the defaults of the environment.
    const { host, port, database } = new Client(config);
    const place = host.startsWith('/') ? `[${host}]` : `${host}:${port}`;
    return `postgres://${place}/${database ?? ''}`;
  } catch {
    throw unreadable();
  }
};
