import { expect, test } from 'vitest';
import { daysOf, watchWeather } from '../src/weather.ts';

test('every stormy or very wet day is warned of and counted, by agents that know only their channels', async () => {
  const days = await daysOf('2014');
  // Counted line by line.
  const expected = new Map<string, number>();
  for (const { location, wind, precipitation } of days) {
    const more = (Number(wind) > 8.5 ? 1 : 0) + (Number(precipitation) > 40 ? 1 : 0);
    const place = location as string;
    if (more > 0) expected.set(place, (expected.get(place) ?? 0) + more);
  }
  const { counts, warnings, dead } = await watchWeather(days);
  expect(counts).toEqual(Object.fromEntries(expected));
  expect(warnings).toHaveLength([...expected.values()].reduce((a, b) => a + b, 0));
  expect(dead).toEqual([]);
});

test('a line that makes no sense is a dead letter, and the others go on', async () => {
  const days = await daysOf('2014');
  const bad = { ...days[0], wind: '-3' };
  const { dead, days: all, counts } = await watchWeather([bad, ...days.slice(0, 20)]);
  expect(all).toBe(21);
  expect(dead).toEqual([expect.stringMatching(/wind: .*found -3/)]);
  expect(Object.keys(counts).length).toBeLessThanOrEqual(2);
});
