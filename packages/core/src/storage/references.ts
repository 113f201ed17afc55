import type { RunEvent } from '../run/events.ts';
import { isLarge } from './size.ts';

/** The hashes that stand for large values, by the field of the event. */
export interface References {
  readonly [field: string]: string;
}

/** An event as the journal has it: what `large` names is not in it. */
export type StoredEvent = RunEvent & { readonly large?: References };

/** The fields that hold what users put in; all others are small. */
const FIELDS: { readonly [T in RunEvent['type']]?: readonly string[] } = {
  RunForked: ['shared'],
  NodeCompleted: ['outputs', 'metadata', 'writes'],
  NodeFailed: ['metadata'],
  HandlerCompleted: ['outputs'],
  NodesAdded: ['nodes'],
  InputsSet: ['inputs'],
  CustomEvent: ['event'],
  CommandRejected: ['command'],
};

type Fields = Readonly<Record<string, unknown>>;

/** The fields of an event that are to be stored by reference; undefined when there are none. */
export const largeFields = (event: RunEvent): Fields | undefined => {
  const fields = FIELDS[event.type];
  if (fields === undefined) return undefined;
  let found: Record<string, unknown> | undefined;
  for (const field of fields) {
    const value = (event as unknown as Fields)[field];
    if (value !== undefined && isLarge(value)) (found ??= {})[field] = value;
  }
  return found;
};

/** An event with hashes in place of its large values. */
export const detached = (event: RunEvent, large: References): StoredEvent => {
  const kept = Object.entries(event).filter(([field]) => !Object.hasOwn(large, field));
  return { ...Object.fromEntries(kept), large } as unknown as StoredEvent;
};

/** An event with its large values in their places. */
export const attached = async (
  event: StoredEvent,
  read: (hash: string) => Promise<unknown>,
): Promise<RunEvent> => {
  if (event.large === undefined) return event;
  const { large, ...whole } = event as unknown as { large: References } & Record<string, unknown>;
  for (const [field, hash] of Object.entries(large)) whole[field] = await read(hash);
  return whole as unknown as RunEvent;
};
