import type { RunEvent } from '../run/events.ts';
import { encodeEvents } from './codec.ts';
import type { MemoWrite } from './journal.ts';
import { referenceText } from './reference-text.ts';
import { pack, type Packed } from './packed.ts';
import { largeFields, type References } from './references.ts';
import { isLarge } from './size.ts';

/** A group of events in the form in which it is written. */
export interface PreparedGroup {
  /** The row of the journal. */
  readonly body: string;
  readonly memos: readonly PreparedMemo[];
  /** What the row names by hash. */
  readonly large: readonly Packed[];
}

/** A result for later runs in the form in which it is written. */
export interface PreparedMemo {
  readonly key: string;
  readonly action: string;
  readonly node: string;
  /** JSON. */
  readonly parts: string;
  /** JSON, or a reference to it. */
  readonly outputs: string;
  readonly at: number;
  /** What `outputs` refers to. */
  readonly large: Packed | undefined;
}

/** Prepares a group. A promise only where there are large values, which are compressed beside the event loop. */
export const prepareGroup = (
  events: readonly RunEvent[],
  memos: readonly MemoWrite[],
): PreparedGroup | Promise<PreparedGroup> => {
  const body = encodeEvents(events);
  return body === undefined || memos.some(({ outputs }) => isLarge(outputs))
    ? prepareLarge(events, memos)
    : { body, memos: memos.map(smallMemo), large: [] };
};

const prepareLarge = async (
  events: readonly RunEvent[],
  memos: readonly MemoWrite[],
): Promise<PreparedGroup> => {
  // The outputs of a node and the result for later runs are one object: it is packed once.
  const packed = new Map<unknown, Packed>();
  const packOnce = async (value: unknown): Promise<Packed> => {
    const known = packed.get(value) ?? (await pack(JSON.stringify(value)));
    packed.set(value, known);
    return known;
  };
  const references = new Map<RunEvent, References>();
  const ofEvents = new Map<string, Packed>();
  for (const event of events) {
    const fields = largeFields(event);
    if (fields === undefined) continue;
    const hashes: Record<string, string> = {};
    for (const [field, value] of Object.entries(fields)) {
      const blob = await packOnce(value);
      ofEvents.set(blob.hash, blob);
      hashes[field] = blob.hash;
    }
    references.set(event, hashes);
  }
  const prepared: PreparedMemo[] = [];
  for (const memo of memos) {
    if (!isLarge(memo.outputs)) prepared.push(smallMemo(memo));
    else {
      const blob = await packOnce(memo.outputs);
      prepared.push({ ...described(memo), outputs: referenceText(blob.hash), large: blob });
    }
  }
  return {
    body: encodeEvents(events, references) as string,
    memos: prepared,
    large: [...ofEvents.values()],
  };
};

const described = ({
  key,
  action,
  node,
  parts,
  at,
}: MemoWrite): Omit<PreparedMemo, 'outputs' | 'large'> => ({
  key,
  action,
  node,
  parts: JSON.stringify(parts),
  at,
});

const smallMemo = (memo: MemoWrite): PreparedMemo => ({
  ...described(memo),
  outputs: JSON.stringify(memo.outputs),
  large: undefined,
});
