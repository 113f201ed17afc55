import type { NodeDefinition } from '../graph/model.ts';
import type { JsonObject } from '../json.ts';
import type { RunEvent } from './events.ts';
import { newNotes, type NodeNotes } from './notes.ts';
import { packed, type StateSnapshot } from './snapshot.ts';
import type { RunState } from './state.ts';
import { Status } from './status.ts';

/** What a fork keeps of a run, and where it begins. */
export interface Fork {
  readonly definitions: readonly NodeDefinition[];
  /** The state after the first event of the fork. */
  readonly state: StateSnapshot;
  /** The number of a node whose fate is kept, by its number in the run that was forked; undefined for all others. */
  numberOf(n: number): number | undefined;
}

/** The nodes that run anew, and of those the grown ones that are left out, because what added them happens anew. */
const affected = (
  state: RunState,
  roots: readonly number[],
): { readonly anew: ReadonlySet<number>; readonly left: ReadonlySet<number> } => {
  const { topology } = state;
  const anew = new Set<number>();
  const left = new Set<number>();
  const addedBy = new Map<number, number[]>();
  for (const [n, by] of state.addedBy) {
    const added = addedBy.get(by);
    if (added === undefined) addedBy.set(by, [n]);
    else added.push(n);
  }
  const queue = [...roots];
  for (let n = queue.pop(); n !== undefined; n = queue.pop()) {
    if (anew.has(n)) continue;
    anew.add(n);
    queue.push(...topology.dependentsOf(n));
    for (const added of addedBy.get(n) ?? []) {
      left.add(added);
      queue.push(added);
    }
  }
  // Whoever depends on a node that is left out was added after it, and is added anew as well.
  for (const n of left) for (const dependent of topology.dependentsOf(n)) left.add(dependent);
  return { anew, left };
};

/** Only what was set by hand stays with a node that runs anew. */
const cleared = ({ inputs }: NodeNotes): NodeNotes => ({ ...newNotes(), inputs });

/** What is known of a root: it is done again, whatever results of earlier runs there are, with these inputs over its own. */
const again = ({ inputs: own }: NodeNotes, inputs: JsonObject | undefined): NodeNotes => ({
  ...newNotes(),
  again: true,
  inputs: inputs === undefined ? own : { ...own, ...inputs },
});

/**
 * A run that begins where another is now, but for some nodes and everything downstream of them, which run anew. Nodes that
 * hooks added on account of those are left out: the hooks see the same events again.
 * @param inputs literal inputs for the roots, over those that they have
 */
export const forkState = (
  state: RunState,
  roots: readonly number[],
  inputs: JsonObject | undefined,
): Fork => {
  const { topology } = state;
  const { anew, left } = affected(state, roots);
  const kept: number[] = [];
  for (let n = 0; n < topology.count; n++) if (!left.has(n)) kept.push(n);
  const numberOf = new Map(kept.map((old, now) => [old, now]));
  const keeps = (n: number): boolean => numberOf.has(n) && !anew.has(n);
  const renumbered = <V>(entries: Iterable<readonly [number, V]>): [number, V][] =>
    [...entries].flatMap(([n, value]): [number, V][] =>
      keeps(n) ? [[numberOf.get(n) as number, value]] : [],
    );
  const of = <
    A extends Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Float64Array<ArrayBuffer>,
  >(
    from: A,
    to: A,
  ): string => {
    for (const [now, old] of kept.entries()) to[now] = anew.has(old) ? 0 : (from[old] as number);
    return packed(to, kept.length);
  };
  const notes = new Map<number, NodeNotes>();
  for (const [n, found] of state.notes) {
    const now = numberOf.get(n);
    if (now !== undefined) notes.set(now, anew.has(n) ? cleared(found) : found);
  }
  for (const root of roots) {
    const now = numberOf.get(root);
    if (now !== undefined) notes.set(now, again(notes.get(now) ?? newNotes(), inputs));
  }
  const waits = state.waits.snapshot();
  const all = [...notes.values()];
  const count = kept.length;
  return {
    definitions: kept.map((n) => topology.definitions[n] as NodeDefinition),
    numberOf: (n) => (keeps(n) ? numberOf.get(n) : undefined),
    state: {
      seq: 1,
      grown: [],
      addedBy: [...state.addedBy].flatMap(([n, by]): [number, number][] => {
        const [now, cause] = [numberOf.get(n), numberOf.get(by)];
        return now === undefined || cause === undefined ? [] : [[now, cause]];
      }),
      status: of(state.status, new Uint8Array(count)),
      attempt: of(state.attempt, new Uint16Array(count)),
      startedAt: of(state.startedAt, new Float64Array(count)),
      endedAt: of(state.endedAt, new Float64Array(count)),
      notes: [...notes],
      sessionStartedAt: state.sessionStartedAt,
      runStartedAt: state.runStartedAt,
      halt: null,
      // How it ended says whether what failed gets another chance; a success is over.
      finished: state.finished?.status === 'succeeded' ? null : (state.finished ?? null),
      tokens: all.reduce((sum, { tokens }) => sum + tokens, 0),
      iterations: kept.filter((n) => keeps(n) && isIteration(state, n)).length,
      cacheHits: all.filter(({ cached }) => cached).length,
      handlersPending: all.filter(({ handler }) => handler?.status === 'pending').length,
      hooked: state.hooked,
      opened: true,
      hooksSeen: state.hooksSeen > 0 ? 1 : 0,
      hooksSeenParts: null,
      concluded: false,
      awaiting: renumbered(state.awaiting).map(([n]) => [n, 1]),
      // Who wants a node to run anew wants it to run; what else somebody paused stays so.
      paused: [...state.paused.reasons()].flatMap(([n, reason]): [number, string | null][] => {
        const now = numberOf.get(n);
        return now === undefined || roots.includes(n) ? [] : [[now, reason]];
      }),
      waits: {
        open: renumbered(waits.open),
        early: renumbered(waits.early),
        values: waits.values,
      },
      disabled: state.disabledNodes().flatMap(([n, off]): [number, boolean][] => {
        const now = numberOf.get(n);
        return now === undefined ? [] : [[now, off]];
      }),
      commandRejections: [],
    },
  };
};

/** The ends of nodes that the hooks of the run that was forked had not seen: those of the fork are shown them. */
export const unseenEnds = (
  state: RunState,
  outputsOf: (nodeId: string) => JsonObject | undefined,
): RunEvent[] =>
  [...state.awaiting.keys()].map((n): RunEvent => {
    const notes = state.notes.get(n);
    const at = state.endedAt[n] as number;
    if (notes?.error !== undefined) return { type: 'NodeFailed', n, at, error: notes.error };
    return {
      type: 'NodeCompleted',
      n,
      at,
      outputs: outputsOf(state.topology.idOf(n)) ?? {},
      ...(notes?.cached === true ? { cached: true } : {}),
      ...(notes?.metadata === undefined ? {} : { metadata: notes.metadata }),
    };
  });

const isIteration = (state: RunState, n: number): boolean =>
  state.topology.action[n] === state.topology.supervisor &&
  (state.attempt[n] as number) > 0 &&
  state.status[n] !== Status.PENDING;
