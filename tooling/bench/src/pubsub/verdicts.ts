import { above, atLeast, below, type Verdict } from '../targets.ts';
import type { BusName } from './contender.ts';
import {
  isSkipped,
  type PubSubReport,
  type PubSubRow,
  type Skipped,
  type Speed,
} from './report.ts';
import { MODERATE_BACKLOG, SUBSCRIBERS } from './sizes.ts';

interface Measured extends Pick<PubSubReport, 'rows' | 'validation'> {
  readonly backlogs: readonly number[];
}

/** dagger beside the best variant of each peer, and beside itself. */
export const pubsubVerdicts = ({ rows, validation, backlogs }: Measured): Verdict[] => {
  const behind = (name: BusName, size: number): number | null =>
    speed(rowOf(rows, name)?.backlogs[size]);
  const [none = 1, ...more] = backlogs;
  const largest = more.at(-1) ?? none;
  /** What anything that waits costs: it survives collections of garbage. */
  const keeps = (name: BusName): number | null =>
    ratio(behind(name, largest), behind(name, MODERATE_BACKLOG));
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
      const { plain, checked } = validation[subscribers] ?? {};
      const left = ratio(speed(checked), speed(plain));
      return [
        above(`${to}: dagger / effect`, ratio(stream('dagger'), best('effect')), 1),
        above(`${to}: dagger / moleculer`, ratio(stream('dagger'), best('moleculer')), 1),
        below(`${to}: share that validation costs`, left === null ? null : 1 - left, 0.25),
      ];
    }),
    ...more.map((size) =>
      atLeast(
        `dagger: backlog of ${count(size)} / backlog of ${count(none)}`,
        ratio(behind('dagger', size), behind('dagger', none)),
        0.8,
      ),
    ),
    atLeast(
      `${count(largest)} / ${count(MODERATE_BACKLOG)} that wait: what dagger keeps / what the ring keeps`,
      ratio(keeps('dagger'), keeps('ring buffer')),
      1,
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
