import { DaggerError, silentLogger, systemClock, type Clock, type Logger } from '@dagger/core';

export interface NatsOptions {
  /** Addresses of the servers, `host:port`. Default `127.0.0.1:4222`. */
  readonly servers?: string | readonly string[] | undefined;
  /** The stream in which all messages are kept; made when absent. Default `DAGGER`. */
  readonly stream?: string | undefined;
  /** Stands before the name of every channel: channel `a.b` is the subject `<prefix>.a.b`. Default `dagger`. */
  readonly prefix?: string | undefined;
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  readonly token?: string | undefined;
  /** Seconds after which a message of a receiver that is gone is delivered again; at least 1. Default 30. */
  readonly ackWaitSeconds?: number | undefined;
  /** Seconds in which a message that is published again is recognised by its id. For a new stream. Default 120. */
  readonly dedupeWindowSeconds?: number | undefined;
  /** Messages that the stream keeps, read ones included; more are refused. For a new stream. Default: no limit. */
  readonly maxMessages?: number | undefined;
  /** Seconds that the stream keeps a message, read or not. For a new stream. Default: no limit. */
  readonly maxAgeSeconds?: number | undefined;
  /** Default: the system's. The client's own timers do not ask it. */
  readonly clock?: Clock | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
}

/** Options as they are after defaults and checks. */
export interface Settings {
  readonly servers: readonly string[];
  readonly stream: string;
  readonly prefix: string;
  readonly user: string | undefined;
  readonly pass: string | undefined;
  readonly token: string | undefined;
  readonly ackWaitMs: number;
  readonly dedupeWindowMs: number | undefined;
  readonly maxMessages: number | undefined;
  readonly maxAgeMs: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LONGEST_STREAM = 200;
const LONGEST_PREFIX = 100;

const refuse = (name: string, value: unknown, bound: string): never => {
  throw new DaggerError('CONFIG_INVALID', `${name} must be ${bound}, not ${describe(value)}`);
};

const describe = (value: unknown): string =>
  typeof value === 'string' ? `'${value}'` : String(value);

const milliseconds = (name: string, seconds: number, least: number): number =>
  Number.isFinite(seconds) && seconds >= least
    ? Math.round(seconds * 1_000)
    : refuse(name, seconds, `a number of seconds, at least ${least}`);

/** @throws DaggerError CONFIG_INVALID naming the option, its value and the bound */
export const settingsOf = (options: NatsOptions): Settings => {
  const { servers = '127.0.0.1:4222', stream = 'DAGGER', prefix = 'dagger' } = options;
  const { maxMessages, maxAgeSeconds } = options;
  const list = typeof servers === 'string' ? [servers] : [...servers];
  if (list.length === 0 || list.some((server) => server.trim() === ''))
    refuse('servers', servers, 'the address of a server, or several');
  if (!/^[^\s.*>/\\\p{Cc}]+$/u.test(stream) || stream.length > LONGEST_STREAM)
    refuse('stream', stream, `up to ${LONGEST_STREAM} characters without space . * > / \\`);
  // Names that begin with $ are the server's own.
  if (
    !/^[^\s.*>\p{Cc}]+(?:\.[^\s.*>\p{Cc}]+)*$/u.test(prefix) ||
    prefix.startsWith('$') ||
    prefix.length > LONGEST_PREFIX
  )
    refuse('prefix', prefix, `up to ${LONGEST_PREFIX} characters, parts separated by '.'`);
  if (maxMessages !== undefined && !(Number.isSafeInteger(maxMessages) && maxMessages > 0))
    refuse('maxMessages', maxMessages, 'a whole number of at least 1');
  const maxAgeMs =
    maxAgeSeconds === undefined ? undefined : milliseconds('maxAgeSeconds', maxAgeSeconds, 1);
  const { dedupeWindowSeconds } = options;
  const dedupeWindowMs =
    dedupeWindowSeconds === undefined
      ? undefined
      : milliseconds('dedupeWindowSeconds', dedupeWindowSeconds, 1);
  return {
    servers: list,
    stream,
    prefix,
    user: options.user,
    pass: options.pass,
    token: options.token,
    ackWaitMs: milliseconds('ackWaitSeconds', options.ackWaitSeconds ?? 30, 1),
    dedupeWindowMs,
    maxMessages,
    maxAgeMs,
    clock: options.clock ?? systemClock,
    logger: options.logger ?? silentLogger,
  };
};
