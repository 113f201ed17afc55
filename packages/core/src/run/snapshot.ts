import type { NodeDefinition } from '../graph/model.ts';
import type { HumanInput } from '../actions/answer.ts';
import type { JsonValue } from '../json.ts';
import type { Finish, Halt } from './ending.ts';
import type { NodeNotes } from './notes.ts';
import type { CommandRejection } from './facts.ts';
import type { Wait } from './waits.ts';

/** The state of a run after one of its events, as JSON. The dependencies that a node still waits for are counted anew. */
export interface StateSnapshot {
  /** The number of the event. */
  readonly seq: number;
  readonly grown: readonly NodeDefinition[];
  readonly addedBy: readonly (readonly [n: number, by: number])[];
  /** The arrays by number of the node, as base64 of their bytes. */
  readonly status: string;
  readonly attempt: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly notes: readonly (readonly [n: number, notes: NodeNotes])[];
  readonly sessionStartedAt: number;
  readonly runStartedAt: number;
  readonly halt: Halt | null;
  readonly finished: Finish | null;
  readonly tokens: number;
  readonly iterations: number;
  readonly cacheHits: number;
  readonly handlersPending: number;
  readonly hooked: boolean;
  readonly opened: boolean;
  readonly hooksSeen: number;
  /** Null when the hooks saw all of that event. */
  readonly hooksSeenParts: number | null;
  readonly concluded: boolean;
  readonly awaiting: readonly (readonly [n: number, seq: number])[];
  readonly paused: readonly (readonly [root: number, reason: string | null])[];
  readonly waits: WaitsSnapshot;
  readonly disabled: readonly (readonly [n: number, disabled: boolean])[];
  readonly commandRejections: readonly CommandRejection[];
}

/** What it tells of the nodes. */
export type NodesSnapshot = Pick<
  StateSnapshot,
  'grown' | 'status' | 'attempt' | 'startedAt' | 'endedAt' | 'notes' | 'disabled'
>;

/** What it has counted over the nodes. */
export type TotalsSnapshot = Pick<
  StateSnapshot,
  'tokens' | 'iterations' | 'cacheHits' | 'handlersPending'
>;

export interface WaitsSnapshot {
  readonly open: readonly (readonly [n: number, wait: Wait])[];
  readonly early: readonly (readonly [n: number, inputs: readonly HumanInput[]])[];
  readonly values: readonly (readonly [name: string, value: JsonValue])[];
}

type Flat = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** The first `count` numbers of an array. */
export const packed = (array: Flat, count: number): string =>
  Buffer.from(array.buffer, array.byteOffset, count * array.BYTES_PER_ELEMENT).toString('base64');

/** Puts what `packed` gave at the beginning of an array. */
export const unpack = (text: string, into: Flat): void => {
  const bytes = Buffer.from(text, 'base64');
  new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytes);
};
