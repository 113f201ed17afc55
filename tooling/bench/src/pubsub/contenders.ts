import type { BusContender, BusName } from './contender.ts';

export type BusRole = 'dagger' | 'floor' | 'peer';

interface Entry {
  readonly role: BusRole;
  readonly load: () => Promise<BusContender>;
}

/** In the order of the rows. Loaded on demand, so that a memory child holds one of them only. */
const entries: Readonly<Record<BusName, Entry>> = {
  dagger: { role: 'dagger', load: async () => (await import('./dagger.ts')).dagger },
  'dagger, schema': {
    role: 'dagger',
    load: async () => (await import('./dagger.ts')).daggerWithSchema,
  },
  'dagger, traced': {
    role: 'dagger',
    load: async () => (await import('./dagger.ts')).daggerTraced,
  },
  'ring buffer': {
    role: 'floor',
    load: async () => (await import('./floors/ring-buffer.ts')).ringBuffer,
  },
  rxjs: { role: 'peer', load: async () => (await import('./peers/rxjs.ts')).rxjs },
  effect: { role: 'peer', load: async () => (await import('./peers/effect.ts')).effect },
  'effect, takeAll': {
    role: 'peer',
    load: async () => (await import('./peers/effect.ts')).effectTakeAll,
  },
  'moleculer, emit': {
    role: 'peer',
    load: async () => (await import('./peers/moleculer.ts')).moleculerEmit,
  },
  'moleculer, broadcast': {
    role: 'peer',
    load: async () => (await import('./peers/moleculer.ts')).moleculerBroadcast,
  },
};

export const busNames: readonly BusName[] = Object.keys(entries) as BusName[];

export const roleOf = (name: BusName): BusRole => entries[name].role;

export const loadBus = (name: BusName): Promise<BusContender> => entries[name].load();
