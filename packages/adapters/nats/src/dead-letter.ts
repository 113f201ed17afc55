import type { Message } from '@dagger/pubsub';
import type { Msg } from '@nats-io/transport-node';
import type { DeliveryInfo } from './ack-subject.ts';
import { withPayload } from './wire.ts';

/** Dead letters of a channel are published to this, followed by its name; the executor has the same. */
const DEAD = 'dead.';
const LONGEST_CHANNEL = 255;
const LONGEST_REASON = 500;

/**
 * What is published instead of a message that cannot be read, with its bytes in Base64; undefined for one that is a dead letter
 * itself. All groups that cannot read it publish the same.
 */
export const deadLetterOf = (
  msg: Msg,
  info: DeliveryInfo,
  {
    prefix,
    group,
    reason,
    now,
  }: {
    readonly prefix: string;
    readonly group: string;
    readonly reason: string;
    readonly now: number;
  },
): Message | undefined => {
  const payload = { base64: Buffer.from(msg.data).toString('base64') };
  const message = withPayload(msg, info, { prefix, payload });
  if (message.channel.startsWith(DEAD)) return undefined;
  return Object.freeze({
    ...message,
    id: `${info.stream}:${info.sequence}:dead`,
    channel: (DEAD + message.channel).slice(0, LONGEST_CHANNEL).replace(/\.+$/, ''),
    source: null,
    time: now,
    headers: Object.freeze({
      ...message.headers,
      'dead-agent': group,
      'dead-attempts': '1',
      'dead-code': 'NOT_JSON',
      'dead-reason': reason.replaceAll(/\s+/g, ' ').slice(0, LONGEST_REASON),
      'dead-message': message.id,
    }),
    causationId: message.id,
    hops: message.hops + 1,
  });
};
