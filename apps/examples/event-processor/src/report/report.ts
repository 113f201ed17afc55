import type { StorageTransport } from '@dagger/pubsub';
import type { Bulletin, Located, Seism, Tally } from '../schemas.ts';
import { stored } from '../stored.ts';

export interface Report {
  readonly records: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly classes: Readonly<Record<string, number>>;
  /** Records that are no events: the id of each, and why. */
  readonly bad: Readonly<Record<string, string>>;
  readonly regions: readonly Tally[];
  readonly swarms: readonly string[];
  /** By airport: earthquakes that people feel within 50 km. */
  readonly airports: Readonly<Record<string, number>>;
  readonly located: number;
  /** What bulletins that went out are about, each once. */
  readonly sent: readonly string[];
  /** Bulletins that a person kept back: the text of each, and why. */
  readonly rejected: Readonly<Record<string, string>>;
}

/** Kilometres. */
const NEAR = 50;

const increment = (counts: Record<string, number>, name: string): void =>
  void (counts[name] = (counts[name] ?? 0) + 1);

const lastPart = (channel: string): string => channel.slice(channel.indexOf('.') + 1);

/** What the durable channels say; the same whatever processes did the work. */
export const reportOf = async (transport: StorageTransport): Promise<Report> => {
  const [kinds, classes, bad, airports, rejected] = [{}, {}, {}, {}, {}] as [
    Record<string, number>,
    Record<string, number>,
    Record<string, string>,
    Record<string, number>,
    Record<string, string>,
  ];
  let records = 0;
  for await (const _ of stored(transport, 'log')) records++;
  for await (const { channel } of stored(transport, 'event.*')) increment(kinds, lastPart(channel));
  for await (const { channel } of stored(transport, 'quake.*'))
    increment(classes, lastPart(channel));
  for await (const { payload, headers } of stored<Seism>(transport, 'dead.log'))
    bad[payload.id] = headers['dead-reason'] ?? '';
  const regions = new Map<string, Tally>();
  for await (const { payload } of stored<Tally>(transport, 'tally.*'))
    regions.set(payload.region, payload);
  const swarms: string[] = [];
  for await (const { payload } of stored<Bulletin>(transport, 'alert.swarm'))
    swarms.push(payload.subject);
  let located = 0;
  for await (const { payload } of stored<Located>(transport, 'located')) {
    located++;
    const { airport, kilometres } = payload;
    if (airport !== null && kilometres !== null && kilometres <= NEAR) increment(airports, airport);
  }
  const sent = new Set<string>();
  for await (const { payload } of stored<Bulletin>(transport, 'sent')) sent.add(payload.subject);
  for await (const { payload, headers } of stored<Bulletin>(transport, 'dead.bulletin'))
    rejected[payload.text] = headers['dead-reason'] ?? '';
  return {
    records,
    kinds,
    classes,
    bad,
    regions: [...regions.values()].toSorted(
      (a, b) => b.events - a.events || (a.region < b.region ? -1 : 1),
    ),
    swarms: swarms.toSorted(),
    airports,
    located,
    sent: [...sent].toSorted(),
    rejected,
  };
};
