import type { TaskSystem } from './system.ts';

export type SystemName =
  | 'dagger, sqlite normal'
  | 'dagger, sqlite full'
  | 'dagger, postgres'
  | 'pg-boss'
  | 'graphile-worker';

/** By name, so that a worker process can load the one that it is to be. */
export const systems: Readonly<Record<SystemName, () => Promise<TaskSystem>>> = {
  'dagger, sqlite normal': async () => (await import('./dagger.ts')).daggerSystems['sqlite normal'],
  'dagger, sqlite full': async () => (await import('./dagger.ts')).daggerSystems['sqlite full'],
  'dagger, postgres': async () => (await import('./dagger.ts')).daggerSystems.postgres,
  'pg-boss': async () => (await import('./peers/pg-boss.ts')).pgBossSystem,
  'graphile-worker': async () => (await import('./peers/graphile-worker.ts')).graphileSystem,
};
