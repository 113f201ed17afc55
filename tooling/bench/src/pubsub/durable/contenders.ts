import { durableGroups, type DurableContender } from './contender.ts';
import { daggerOn } from './dagger.ts';
import { rawLoop } from './raw-loop.ts';

const floors = (['normal', 'full'] as const).map(rawLoop);

/** In the order of the rows: group by group, dagger first. */
export const durableContenders: readonly DurableContender[] = durableGroups.flatMap((group) => [
  daggerOn(group),
  ...floors.filter((floor) => floor.group === group),
]);
