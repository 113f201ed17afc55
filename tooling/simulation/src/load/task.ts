import type { TaskSpec } from '@dagger/tasks';
import type { Chance } from '../chance.ts';
import { scriptOf, type Script } from './script.ts';

/** The agents that scripts have; each worker knows them, but not each knows `rare`. */
export const WORKING_AGENTS = ['plain', 'single', 'once', 'fragile', 'rare'] as const;
export type WorkingAgent = (typeof WORKING_AGENTS)[number];

const agentOf = (chance: Chance): WorkingAgent =>
  chance.weighed<WorkingAgent>([
    ['plain', 10],
    ['single', 3],
    ['once', 2],
    ['fragile', 2],
    ['rare', 1],
  ]);

/** A task with a random script and random settings. @param first how many tasks the job begins with */
export const taskOf = (
  chance: Chance,
  at: { readonly key: string; readonly depth: number; readonly first: number },
): TaskSpec => {
  const script: Script = scriptOf(chance, at);
  const often = at.depth === 0 ? 1 : 0.5;
  return {
    key: at.key,
    agent: agentOf(chance),
    input: { script: { ...script } },
    ...(chance.happens(0.3) ? { priority: chance.whole(-2, 5) } : {}),
    ...(chance.happens(0.15) ? { delay: chance.whole(1, 3_000) / 1_000 } : {}),
    ...(chance.happens(0.2) ? { timeout: chance.whole(1, 5) } : {}),
    ...(chance.happens(0.5) ? { maxRetries: chance.whole(0, 3) } : {}),
    retryStrategy: chance.pick([{ type: 'immediate' }, { type: 'linear', delay: 0.8 }] as const),
    ...(chance.happens(0.2) ? { onCrash: chance.pick(['retry', 'fail', 'block'] as const) } : {}),
    ...(chance.happens(0.3) ? { maxCrashes: chance.whole(0, 2) } : {}),
    ...(chance.happens(0.12 * often)
      ? {
          review: chance.happens(0.4) ? ('person' as const) : { agent: 'reviewer' },
          maxRejections: chance.whole(0, 2),
        }
      : {}),
  };
};
