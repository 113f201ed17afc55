import { atLeast, type Verdict } from '../../targets.ts';
import type { DurableGroup } from './contender.ts';
import type { DurableRow } from './report.ts';

/** dagger beside the floor of the same group. */
export const durableVerdicts = (rows: readonly DurableRow[]): Verdict[] =>
  (['sqlite normal', 'sqlite full'] satisfies DurableGroup[]).map((group) => {
    const speed = (role: DurableRow['role']): number | undefined =>
      rows.find((row) => row.group === group && row.role === role)?.messagesPerSecond;
    const [ours, floor] = [speed('dagger'), speed('floor')];
    const ratio = ours === undefined || floor === undefined ? null : ours / floor;
    return atLeast(`durable, ${group}: dagger / raw group-commit loop`, ratio, 0.5);
  });
