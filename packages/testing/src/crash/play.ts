import type { Account } from './account.ts';
import type { BusCrashScenario } from './buses/scenario.ts';
import type { JobCrashScenario } from './jobs/scenario.ts';
import type { CrashScenario } from './runs/scenario.ts';
import { playRuns } from './runs/session.ts';
import type { World } from './world.ts';

/** What the module of a scenario exports. */
export type AnyCrashScenario = CrashScenario | JobCrashScenario | BusCrashScenario;

/** Takes a scenario to its end: from the beginning, or from where another process died. */
export const play = async (scenario: AnyCrashScenario, world: World): Promise<Account> => {
  if ('runs' in scenario) return playRuns(scenario, world);
  if ('inputs' in scenario) {
    // Only who has channels needs the package of pub/sub.
    const { playBus } = await import('./buses/session.ts');
    return playBus(scenario, world);
  }
  // Only who has jobs needs the package of tasks.
  const { playJobs } = await import('./jobs/session.ts');
  return playJobs(scenario, world);
};
