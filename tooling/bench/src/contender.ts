import type { Plan } from './shapes.ts';
import type { Work } from './work.ts';

/**
 * One engine in the comparison. `run` builds its own structures from the plain plan and runs them: both are timed.
 * What it returns is what its user would keep (the outputs, the report); the memory measurement holds on to it.
 */
export interface Contender {
  readonly name: ContenderName;
  run(plan: Plan, work: Work): Promise<unknown>;
  /** One node at first; each node adds two while it runs, until there are `total`. */
  grow(total: number, work: Work): Promise<unknown>;
}

export type Role = 'dagger' | 'floor' | 'peer';

export type ContenderName =
  'dagger' | 'typed arrays' | 'object floor' | 'p-graph' | 'effect' | 'flowcraft' | 'langgraph';

interface Entry {
  readonly role: Role;
  readonly load: () => Promise<Contender>;
}

/** In the order of the columns. Loaded on demand, so that a memory child holds one engine only. */
const contenders: Readonly<Record<ContenderName, Entry>> = {
  'typed arrays': {
    role: 'floor',
    load: async () => (await import('./floors/typed-arrays.ts')).typedArrays,
  },
  'object floor': {
    role: 'floor',
    load: async () => (await import('./floors/object-floor.ts')).objectFloor,
  },
  dagger: { role: 'dagger', load: async () => (await import('./dag/engine.ts')).dagger },
  'p-graph': { role: 'peer', load: async () => (await import('./peers/p-graph.ts')).pGraph },
  effect: { role: 'peer', load: async () => (await import('./peers/effect.ts')).effect },
  flowcraft: { role: 'peer', load: async () => (await import('./peers/flowcraft.ts')).flowcraft },
  langgraph: { role: 'peer', load: async () => (await import('./peers/langgraph.ts')).langgraph },
};

export const contenderNames: readonly ContenderName[] = Object.keys(contenders) as ContenderName[];
export const peerNames: readonly ContenderName[] = contenderNames.filter(
  (name) => contenders[name].role === 'peer',
);

export function loadContender(name: ContenderName): Promise<Contender> {
  return contenders[name].load();
}

/** Thrown by a contender for what it cannot do at all; the table shows "-" and the reason below it. */
export class NotPossible extends Error {
  override readonly name = 'NotPossible';
}
