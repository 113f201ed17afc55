import type { JsonObject } from '@dagger/core';
import { causesOf } from './causes.ts';
import type { TraceEntry } from './entry.ts';
import { fateOf } from './fates.ts';

/**
 * Which message caused which as plain JSON, all in the order of publication: `nodes` with everything that is known of each
 * message, and `links` from cause to effect, by ids.
 */
export const traceToJson = (entries: readonly TraceEntry[]): JsonObject => ({
  nodes: entries.map(node),
  links: causesOf(entries).flatMap((cause, i) => {
    const [from, to] = [cause === undefined ? undefined : entries[cause], entries[i]];
    return from === undefined || to === undefined
      ? []
      : [{ from: from.message.id, to: to.message.id }];
  }),
});

const node = (entry: TraceEntry): JsonObject => {
  const { message, attempts } = entry;
  return {
    id: message.id,
    channel: message.channel,
    source: message.source,
    time: message.time,
    payload: message.payload,
    headers: { ...message.headers },
    causationId: message.causationId,
    correlationId: message.correlationId,
    hops: message.hops,
    key: message.key,
    traceparent: message.traceparent,
    status: fateOf(entry),
    attempts: attempts.map(({ agent, attempt, status, error, startedAt, durationMs }) => ({
      agent,
      attempt,
      status,
      error,
      startedAt,
      durationMs,
    })),
  };
};
