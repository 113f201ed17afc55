import { above, atLeast, below, type Verdict } from '../targets.ts';
import type { BusName } from './contender.ts';
import { isSkipped, type PubSubRow, type Skipped, type Speed } from './report.ts';
import { MODERATE_BACKLOG, SUBSCRIBERS } from './sizes.ts';

/** dagger beside the best variant of each peer, and beside itself. */
export const pubsubVerdicts = (rows: readonly PubSubRow[], largestBacklog: number): Verdict[] => {
  const backlog = (size: number): number | null => speed(rowOf(rows, 'dagger')?.backlogs[size]);
  return [
    ...SUBSCRIBERS.flatMap((subscribers) => {
      const stream = (name: BusName): number | null =>
        speed(rowOf(rows, name)?.streams[subscribers]);
      const best = (peer: string): number | null => {
        const found = rows
          .filter(({ name, role }) => role === 'peer' && name.startsWith(peer))
          .flatMap(({ streams }) => speed(streams[subscribers]) ?? []);
        return found.length === 0 ? null : Math.max(...found);
      };
      const to = subscribers === 1 ? '1 subscriber' : `${subscribers} subscribers`;
      const checked = ratio(stream('dagger, schema'), stream('dagger'));
      return [
        above(`${to}: dagger / effect`, ratio(stream('dagger'), best('effect')), 1),
        above(`${to}: dagger / moleculer`, ratio(stream('dagger'), best('moleculer')), 1),
        below(`${to}: share that validation costs`, checked === null ? null : 1 - checked, 0.25),
      ];
    }),
    atLeast(
      `dagger: backlog of ${count(largestBacklog)} / backlog of ${count(MODERATE_BACKLOG)}`,
      ratio(backlog(largestBacklog), backlog(MODERATE_BACKLOG)),
      0.8,
    ),
  ];
};

const rowOf = (rows: readonly PubSubRow[], name: BusName): PubSubRow | undefined =>
  rows.find((row) => row.name === name);

const speed = (found: Speed | Skipped | undefined): number | null =>
  found === undefined || isSkipped(found) ? null : found.messagesPerSecond;

const ratio = (ours: number | null, theirs: number | null): number | null =>
  ours === null || theirs === null ? null : ours / theirs;

const count = (value: number): string => value.toLocaleString('en-US');
