import { DaggerError } from '@dagger/core';
import type { StartFrom } from '@dagger/pubsub';
import {
  AckPolicy,
  DeliverPolicy,
  type ConsumerConfig,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { reasonOf } from './reason.ts';
import { isBefore, type Version } from './version.ts';

/**
 * Messages that may be unacknowledged at a time, over all members of a group. Far more than are handled: those that wait for
 * another attempt count too, and must not hold up the others.
 */
const MOST_PENDING = 65_536;

/** Older servers take a hundred times longer for each message of a consumer that was asked for its state (nats-server#3877). */
const MAY_BE_ASKED: Version = [2, 9, 15];

/** The consumer of one group for one pattern. */
export interface Durable {
  readonly stream: string;
  readonly name: string;
  readonly group: string;
  /** The subject, or the pattern of subjects. */
  readonly filter: string;
  readonly ackWaitMs: number;
}

interface Server {
  readonly connection: NatsConnection;
  readonly jsm: JetStreamManager;
}

interface NamesPage {
  readonly error?: { readonly description: string };
  readonly total?: number;
  readonly consumers?: readonly string[] | null;
}

const NAMES_MS = 5_000;

/**
 * Makes the consumer when it is absent, which then begins at `from`; one that is there goes on where it is.
 * @throws DaggerError STORAGE_FAILED
 */
export const ensureDurable = async (
  { connection, jsm }: Server,
  durable: Durable,
  from: StartFrom,
): Promise<'new' | 'known'> => {
  if (await isThere(connection, durable)) {
    if (!isBefore(connection.info?.version ?? '', MAY_BE_ASKED)) await adapt(jsm, durable);
    return 'known';
  }
  try {
    await jsm.consumers.add(durable.stream, {
      durable_name: durable.name,
      filter_subject: durable.filter,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(durable.ackWaitMs),
      max_ack_pending: MOST_PENDING,
      ...start(from),
    });
    return 'new';
  } catch (cause) {
    // Another member made it meanwhile, and began a moment earlier.
    if (await isThere(connection, durable)) return 'known';
    throw cannot(durable, 'make', cause);
  }
};

const isThere = async (
  connection: NatsConnection,
  { stream, name, group, filter }: Omit<Durable, 'ackWaitMs'>,
): Promise<boolean> => {
  for (let offset = 0; ;) {
    let page: NamesPage;
    try {
      const answer = await connection.request(
        `$JS.API.CONSUMER.NAMES.${stream}`,
        JSON.stringify({ offset }),
        { timeout: NAMES_MS },
      );
      page = answer.json<NamesPage>();
    } catch (cause) {
      throw cannot({ stream, group, filter }, 'look up', cause);
    }
    if (page.error !== undefined)
      throw cannot({ stream, group, filter }, 'look up', new Error(page.error.description));
    const names = page.consumers ?? [];
    if (names.includes(name)) return true;
    offset += names.length;
    if (names.length === 0 || offset >= (page.total ?? 0)) return false;
  }
};

/** The time of the last who came counts, for all members. */
const adapt = async (jsm: JetStreamManager, durable: Durable): Promise<void> => {
  try {
    const { config } = await jsm.consumers.info(durable.stream, durable.name);
    if (config.ack_wait === nanos(durable.ackWaitMs)) return;
    await jsm.consumers.update(durable.stream, durable.name, {
      ack_wait: nanos(durable.ackWaitMs),
    });
  } catch (cause) {
    throw cannot(durable, 'change', cause);
  }
};

const cannot = (
  { stream, group, filter }: Pick<Durable, 'stream' | 'group' | 'filter'>,
  verb: string,
  cause: unknown,
): DaggerError =>
  new DaggerError(
    'STORAGE_FAILED',
    `cannot ${verb} the consumer of group '${group}' for '${filter}' in the stream '${stream}': ${reasonOf(cause)}`,
    { cause, recoverable: true },
  );

const start = (from: StartFrom): Partial<ConsumerConfig> => {
  if (from === 'new') return { deliver_policy: DeliverPolicy.New };
  if (from === 'start') return { deliver_policy: DeliverPolicy.All };
  if ('offset' in from)
    return {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, Math.trunc(from.offset)),
    };
  return {
    deliver_policy: DeliverPolicy.StartTime,
    opt_start_time: new Date(from.time).toISOString(),
  };
};
