import { DaggerError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { NodeCompletedEvent, RunEvent } from '../run/events.ts';
import { detached, largeFields, type References, type StoredEvent } from './references.ts';
import { isLarge } from './size.ts';

/** Marks of the events that make up nearly all of a journal. */
const STARTED = 1;
const COMPLETED = 2;
/** A completion whose outputs are large. */
const COMPLETED_LARGE = 3;

/**
 * A group of events as one JSON list. The first item is a time in milliseconds since the epoch; then come the events:
 * `1, n, dt` for the start of node `n`, `2, n, dt, outputs` for its completion with nothing but outputs, both `dt`
 * milliseconds after that time, and every other event as the object that it is. Of what is large there is only the
 * SHA-256 of its JSON: `3, n, dt, hash` for such outputs, and in an object the key `large` with the hash of each field.
 * @param large the hashes of what is large; without it the answer is undefined when there is anything
 */
export const encodeEvents = (
  events: readonly RunEvent[],
  large?: ReadonlyMap<RunEvent, References>,
): string | undefined => {
  const base = events[0]?.at ?? 0;
  const items: unknown[] = [base];
  for (let i = 0; i < events.length; i++) {
    const event = events[i] as RunEvent;
    if (event.type === 'NodeStarted' && event.missed === undefined) {
      items.push(STARTED, event.n, event.at - base);
      continue;
    }
    const references = large?.get(event);
    if (event.type === 'NodeCompleted' && isPlain(event)) {
      if (references !== undefined)
        items.push(COMPLETED_LARGE, event.n, event.at - base, references['outputs']);
      else if (large === undefined && isLarge(event.outputs)) return undefined;
      else items.push(COMPLETED, event.n, event.at - base, event.outputs);
      continue;
    }
    if (large === undefined && largeFields(event) !== undefined) return undefined;
    items.push(references === undefined ? event : detached(event, references));
  }
  return JSON.stringify(items);
};

/** Whether a completion has nothing but outputs. */
const isPlain = (event: NodeCompletedEvent): boolean =>
  event.cached === undefined &&
  event.tokens === undefined &&
  event.metadata === undefined &&
  event.writes === undefined;

/**
 * Reads what `encodeEvents` wrote; large values are still to be attached.
 * @throws DaggerError STORAGE_FAILED when it is something else
 */
export const decodeEvents = (body: string): StoredEvent[] => {
  const items = parse(body);
  const base = items[0] as number;
  const events: StoredEvent[] = [];
  for (let i = 1; i < items.length;) {
    const item = items[i++];
    if (item === STARTED) {
      events.push({
        type: 'NodeStarted',
        n: items[i++] as number,
        at: base + (items[i++] as number),
      });
    } else if (item === COMPLETED) {
      const n = items[i++] as number;
      const at = base + (items[i++] as number);
      events.push({ type: 'NodeCompleted', n, at, outputs: items[i++] as JsonObject });
    } else if (item === COMPLETED_LARGE) {
      const n = items[i++] as number;
      const at = base + (items[i++] as number);
      const large = { outputs: items[i++] as string };
      events.push({ type: 'NodeCompleted', n, at, large } as unknown as StoredEvent);
    } else if (typeof item === 'object' && item !== null && 'type' in item)
      events.push(item as StoredEvent);
    else
      throw new DaggerError(
        'STORAGE_FAILED',
        `a journal row holds something that is no event: ${JSON.stringify(item)}`,
      );
  }
  return events;
};

const parse = (body: string): readonly unknown[] => {
  let items: unknown;
  try {
    items = JSON.parse(body);
  } catch (cause) {
    throw new DaggerError('STORAGE_FAILED', 'a journal row is not JSON', { cause });
  }
  if (Array.isArray(items) && typeof items[0] === 'number') return items as readonly unknown[];
  throw new DaggerError('STORAGE_FAILED', 'a journal row is not a list of events');
};
