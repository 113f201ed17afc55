import { DaggerError } from '@dagger/core';
import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { reasonOf } from './reason.ts';

/** The server could not store a message; why is said in words only. */
const STORE_FAILED = 10_077;
/** For the limit that the stream has of its own. */
const TOO_LARGE = 10_054;

export const busClosed = (): DaggerError => new DaggerError('BUS_CLOSED', 'the bus was closed');

/** The error for what trying again cannot help; undefined for what may pass, such as a server that starts. */
export const finalFailure = (cause: unknown, what: string): DaggerError | undefined => {
  if (cause instanceof JetStreamApiError) {
    if (cause.code === STORE_FAILED && /^maximum .* exceeded$/.test(cause.message))
      return new DaggerError(
        'CHANNEL_FULL',
        `${what}: the stream is full (${cause.message}); what was read counts until it is too old or purged`,
        { cause, recoverable: true },
      );
    if (cause.code === TOO_LARGE)
      return new DaggerError('MESSAGE_INVALID', `${what}: ${cause.message}`, { cause });
    // 503: the server is there, but not ready.
    return cause.status === 503 ? undefined : failed(cause, what);
  }
  if (
    cause instanceof errors.ClosedConnectionError ||
    cause instanceof errors.DrainingConnectionError
  )
    return new DaggerError('BUS_CLOSED', `${what}: the connection was closed`, { cause });
  return cause instanceof errors.PermissionViolationError ? failed(cause, what) : undefined;
};

/** A storage that does not do what it should. */
export const failed = (cause: unknown, what: string): DaggerError =>
  new DaggerError('STORAGE_FAILED', `${what}: ${wordsOf(cause)}`, { cause, recoverable: true });

/** The client's words mislead in two cases. */
const wordsOf = (cause: unknown): string => {
  if (cause instanceof errors.TimeoutError) return 'the server does not answer';
  if (cause instanceof errors.NoRespondersError)
    return 'no stream takes the subject, or JetStream is off';
  return reasonOf(cause);
};
