import { readFile } from 'node:fs/promises';
import { PubSubExecutor } from '@dagger/pubsub';
import { beforeAll, describe, expect, it } from 'vitest';
import { locator } from '../src/agents/locator.ts';
import { distance, Gazetteer, readAirports } from '../src/gazetteer.ts';
import { dataFile, readLog } from '../src/log/read-log.ts';
import { channelPart, regionOf } from '../src/log/region.ts';
import type { Report } from '../src/report/report.ts';
import { processLog } from './process-log.ts';

interface Feature {
  readonly id: string;
  readonly properties: {
    readonly mag: number;
    readonly type: string;
    readonly place: string;
    readonly time: number;
    readonly rms: number | null;
    readonly gap: number | null;
    readonly tsunami: number;
  };
  readonly geometry: { readonly coordinates: readonly [number, number, number] };
}

// Counted from the file, without any of the agents.
const file = JSON.parse(await readFile(dataFile('earthquakes.json'), 'utf8')) as {
  readonly features: readonly Feature[];
};
const good = file.features.filter(({ properties }) => properties.rms !== null);
const quakes = good.filter(({ properties }) => properties.type === 'earthquake');
const felt = quakes.filter(({ properties }) => properties.mag >= 2.5);
const strong = quakes.filter(({ properties }) => properties.mag >= 5);

const countBy = <T>(things: readonly T[], name: (thing: T) => string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const thing of things) counts[name(thing)] = (counts[name(thing)] ?? 0) + 1;
  return counts;
};
const californian = ({ properties: { place } }: Feature): boolean =>
  /, (?:CA|California)$/.test(place);

describe('the report about a week of the log', () => {
  let report: Report;
  beforeAll(async () => {
    report = await processLog('sqlite::memory:', await readLog());
  });

  it('counts every record once, by its kind and by what people notice of it', () => {
    expect(report.records).toBe(file.features.length);
    expect(report.kinds).toEqual(
      countBy(good, ({ properties }) => properties.type.replace(' ', '-')),
    );
    expect(report.classes).toEqual({
      unfelt: quakes.length - felt.length,
      felt: felt.length - strong.length,
      strong: strong.length,
    });
  });

  it('has a dead letter for each record of which nobody says how well it is located, with the reason', () => {
    const bad = file.features.filter(({ properties }) => properties.rms === null);
    expect(bad).not.toEqual([]);
    expect(Object.keys(report.bad).toSorted()).toEqual(bad.map(({ id }) => id).toSorted());
    for (const reason of Object.values(report.bad))
      expect(reason).toMatch(/agent 'reader' says that it publishes: rms: .*\(found null\)$/);
  });

  it('counts the events of a region, however the networks call it, and sees its swarms', () => {
    const own = good.filter(californian);
    const [first] = report.regions;
    expect(first).toMatchObject({
      region: 'California',
      events: own.length,
      strongest: Math.max(...own.map(({ properties }) => properties.mag)),
    });
    const hours = countBy(quakes.filter(californian), ({ properties }) =>
      new Date(properties.time).toISOString().slice(0, 13),
    );
    expect(first?.hours).toEqual(hours);
    expect(report.swarms.filter((swarm) => swarm.startsWith('California'))).toEqual(
      Object.keys(hours)
        .filter((hour) => (hours[hour] ?? 0) >= 8)
        .map((hour) => `California ${hour}`)
        .toSorted(),
    );
    expect(report.regions.reduce((sum, { events }) => sum + events, 0)).toBe(good.length);
  });

  it('finds the nearest airport of each earthquake that people feel', async () => {
    const airports = await readAirports();
    const near: string[] = [];
    for (const { geometry } of felt) {
      const [longitude, latitude] = geometry.coordinates;
      const place = { latitude, longitude };
      let [name, far] = ['', Infinity];
      for (const airport of airports) {
        const here = distance(airport, place);
        if (here < far) [name, far] = [airport.name, here];
      }
      if (Math.round(far) <= 50) near.push(name);
    }
    expect(report.located).toBe(felt.length);
    expect(report.airports).toEqual(countBy(near, (name) => name));
  });

  it('has a bulletin about each strong earthquake, wave and swarm, but for those that a person kept back', () => {
    const kept = strong.filter(({ properties: { gap } }) => gap !== null && gap > 180);
    const waves = quakes.filter(({ properties }) => properties.tsunami === 1);
    expect(kept.length).toBeGreaterThan(0);
    expect(Object.keys(report.rejected)).toEqual(
      kept.map(({ properties: { mag, place } }) => `magnitude ${mag}, ${place}`),
    );
    expect(Object.values(report.rejected)).toEqual(
      kept.map(
        ({ properties: { gap } }) =>
          `rejected by a person: the stations leave a gap of ${gap} degrees`,
      ),
    );
    const about = [...strong.filter((quake) => !kept.includes(quake)), ...waves];
    expect(report.sent).toEqual(
      [...new Set([...about.map(({ id }) => id), ...report.swarms])].toSorted(),
    );
  });
});

it('a gazetteer that is busy costs attempts, and no earthquake', async () => {
  const gazetteer = new Gazetteer(await readAirports(), { places: 1 });
  await using bus = await PubSubExecutor.open({ agents: [locator(gazetteer)] });
  const found: unknown[] = [];
  bus.channel('located').messages$.subscribe(({ payload }) => found.push(payload));
  const where = { place: 'Adak', region: 'Alaska', longitude: -176.65, latitude: 51.88 };
  const what = { kind: 'earthquake', time: 0, magnitude: 3, rms: 0.1, gap: null, tsunami: false };
  for (const id of ['a', 'b', 'c']) await bus.publish('quake.felt', { id, ...what, ...where });
  await bus.idle();
  expect(gazetteer.refusals).toBeGreaterThan(0);
  expect(found).toHaveLength(3);
  expect(found).toContainEqual({ id: 'a', magnitude: 3, airport: 'Adak (ADK)', kilometres: 0 });
});

it('a place is in the region after its last comma, else in what it is called', () => {
  expect(
    ['10km SW of Niland, CA', '42km SSE of Habibola, Indonesia', 'Banda Sea'].map(regionOf),
  ).toEqual(['California', 'Indonesia', 'Banda Sea']);
  expect(channelPart('U.S. Virgin Islands')).toBe('u-s-virgin-islands');
});
