import { NotPossible } from '../contender.ts';
import type { Bus, BusName, Setup } from './contender.ts';
import { loadBus } from './contenders.ts';
import type { Skipped } from './report.ts';

/** An open bus, or the reason why there is none. */
export const attempt = async (name: BusName, setup: Setup): Promise<Bus | Skipped> => {
  try {
    return await (await loadBus(name)).open(setup);
  } catch (error) {
    if (error instanceof NotPossible) return { skipped: error.message };
    throw error;
  }
};
