import { atLeast, type Verdict } from '../../targets.ts';
import type { NatsName } from './contender.ts';
import type { NatsRow } from './report.ts';

/** dagger beside the program that one would write by hand; nothing where there was no server. */
export const natsVerdicts = (rows: readonly NatsRow[]): Verdict[] => {
  const speed = (which: NatsName): number | undefined =>
    rows.find(({ name }) => name === which)?.speeds.both.messagesPerSecond;
  const [ours, bare] = [speed('dagger'), speed('bare client')];
  const ratio = ours === undefined || bare === undefined ? null : ours / bare;
  return [atLeast('nats: dagger / bare client', ratio, 0.8)];
};
