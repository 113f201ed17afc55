import { DaggerError } from '@dagger/core';
import { connect as dial, type NatsConnection } from '@nats-io/transport-node';
import type { Settings } from './options.ts';
import { reasonOf } from './reason.ts';
import { isBefore, type Version } from './version.ts';

/** Older ones ignore silently what we ask of consumers. */
const OLDEST: Version = [2, 9, 0];

const CONNECT_MS = 5_000;
const RECONNECT_MS = 500;
/** A connection that answers none of two pings is given up. */
const PING_MS = 20_000;

/**
 * Connects; afterwards the client reconnects by itself, for ever.
 * @throws DaggerError STORAGE_FAILED within seconds, CONFIG_INVALID for a server that is too old
 */
export const connect = async (settings: Settings): Promise<NatsConnection> => {
  const { servers, user, pass, token } = settings;
  let connection: NatsConnection;
  try {
    connection = await dial({
      servers: [...servers],
      name: 'dagger',
      timeout: CONNECT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      pingInterval: PING_MS,
      // A stack for each request costs more than the request.
      noAsyncTraces: true,
      ...(user === undefined ? {} : { user }),
      ...(pass === undefined ? {} : { pass }),
      ...(token === undefined ? {} : { token }),
    });
  } catch (cause) {
    throw new DaggerError(
      'STORAGE_FAILED',
      `cannot connect to NATS at ${servers.map(withoutUser).join(', ')}: ${reasonOf(cause)}`,
      { cause, recoverable: true },
    );
  }
  const version = connection.info?.version ?? '';
  if (isBefore(version, OLDEST)) {
    await connection.close();
    throw new DaggerError(
      'CONFIG_INVALID',
      `the NATS server has version ${version}, and ${OLDEST.join('.')} or later is needed`,
    );
  }
  return connection;
};

/** A user and a password in an address are nobody's business. */
const withoutUser = (server: string): string => server.replace(/^(.*?:\/\/)?[^/]*@/, '$1');
