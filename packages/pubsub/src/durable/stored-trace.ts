import type { Storage } from '@dagger/core';
import { sql } from 'kysely';
import type { Message } from '../message/message.ts';
import type { TraceAttempt, TraceEntry } from '../trace/entry.ts';
import { readAttempts } from './attempts.ts';
import { readWithheld } from './holds.ts';
import { readMessages } from './readings.ts';

interface RunningRow {
  readonly id: string;
  readonly time: number;
  readonly name: string;
  readonly attempt: number;
}

/** See `Inspection.trace`. */
export const readTrace = async (
  storage: Storage,
  correlationId: string,
): Promise<readonly TraceEntry[]> => {
  const stored = await readMessages(storage, { correlationId, limit: Number.MAX_SAFE_INTEGER });
  const withheld = await readWithheld(storage, correlationId);
  const ended = await readAttempts(storage, correlationId);
  const running = await readRunning(storage, correlationId);
  const published = stored.map(({ message }) => message);
  return inOrder(published, withheld).map((message) => ({
    message,
    attempts: [...(ended.get(message.id) ?? []), ...(running.get(message.id) ?? [])],
  }));
};

/** One that was withheld stands before what came of it. */
const inOrder = (
  published: readonly Message[],
  withheld: readonly Message[],
): readonly Message[] =>
  withheld.length === 0
    ? published
    : [...withheld, ...published].toSorted((a, b) => a.time - b.time || a.hops - b.hops);

/** Attempts under way, or those of a process that died. */
const readRunning = async (
  storage: Storage,
  correlationId: string,
): Promise<ReadonlyMap<string, readonly TraceAttempt[]>> => {
  const { rows } = await sql<RunningRow>`select m.id, m.time, g.name, d.attempt
    from dagger_pubsub_messages as m
    join dagger_pubsub_deliveries as d on d.seq = m.seq
    join dagger_pubsub_groups as g on g.id = d.group_id
    where m.correlation_id = ${correlationId} and d.state = 1 order by m.seq, g.id`.execute(
    storage.db,
  );
  const found = new Map<string, TraceAttempt[]>();
  for (const { id, time, name, attempt } of rows) {
    const list = found.get(id) ?? [];
    const unknown = { error: null, durationMs: null };
    list.push({ agent: name, attempt, status: 'running', startedAt: time, ...unknown });
    found.set(id, list);
  }
  return found;
};
