import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { NATS } from '../../servers.ts';

const PATIENCE_MS = 2_000;

const withManager = async <T>(use: (manager: JetStreamManager) => Promise<T>): Promise<T> => {
  const connection = await connect({ servers: NATS, timeout: PATIENCE_MS });
  try {
    return await use(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
};

/** Why there is no server, or undefined where one answers. */
export const natsIsMissing = async (): Promise<string | undefined> => {
  try {
    await withManager(() => Promise.resolve());
    return undefined;
  } catch (error) {
    return `NATS with JetStream at ${NATS}: skipped, ${error instanceof Error ? error.message : String(error)}`;
  }
};

let used = 0;

/** The name of a stream that nothing else on the server has, removed afterwards; whoever uses it makes it. */
export const withStream = async <T>(use: (stream: string) => Promise<T>): Promise<T> => {
  used += 1;
  const stream = `dagger_bench_pubsub_${process.pid}_${used}`;
  try {
    return await use(stream);
  } finally {
    // It is not there where it could not be made.
    await withManager((manager) => manager.streams.delete(stream)).catch(() => {});
  }
};

/** Throws unless a stream has so many messages. */
export const checkStored = (contender: string, stream: string, messages: number): Promise<void> =>
  withManager(async (manager) => {
    const { state } = await manager.streams.info(stream);
    if (state.messages !== messages)
      throw new Error(`${contender}: ${state.messages} messages stored instead of ${messages}`);
  });

/** Throws unless the consumer of a stream has each message acknowledged. */
export const checkAcknowledged = (contender: string, stream: string): Promise<void> =>
  withManager(async (manager) => {
    for await (const { num_pending, num_ack_pending } of manager.consumers.list(stream))
      if (num_pending + num_ack_pending > 0)
        throw new Error(
          `${contender}: ${num_pending} messages not delivered, ${num_ack_pending} not acknowledged`,
        );
  });
