import { createHash } from 'node:crypto';

/**
 * The name of the channel of a topic. Topics are any text, channels are identifiers of at most 63 bytes that a whole
 * database shares, so the name is a hash over schema and topic.
 */
export const channelOf = (schema: string, topic: string): string =>
  `dagger_${createHash('sha256')
    .update(JSON.stringify([schema, topic]))
    .digest('hex')
    .slice(0, 40)}`;
