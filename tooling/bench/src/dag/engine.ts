import { NotPossible, type Contender } from '../contender.ts';
import type { Plan } from '../shapes.ts';
import type { Work } from '../work.ts';

/** dagger on a database file that is open and migrated; `run` is what is timed. */
export interface DurableEngine {
  run(plan: Plan, work: Work): Promise<unknown>;
  close(): Promise<void>;
}

const missing = 'packages/core/src/index.ts does not export the engine yet';

/** dagger in memory. */
export const dagger: Contender = {
  name: 'dagger',
  async run() {
    throw new NotPossible(missing);
  },
  async grow() {
    throw new NotPossible(missing);
  },
};

export async function openDurable(_file: string): Promise<DurableEngine> {
  throw new NotPossible(missing);
}
