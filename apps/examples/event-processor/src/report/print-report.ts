import type { Report } from './report.ts';

const MOST = 8;

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');

const list = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];

/** The report as people read it. */
export const printReport = (report: Report): string => {
  const { records, kinds, classes, bad, regions, swarms, airports, located, sent, rejected } =
    report;
  const near = Object.entries(airports).toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return [
    `${records} records: ${counts(kinds)}; ${Object.keys(bad).length} of no use`,
    `earthquakes: ${counts(classes)}`,
    `bulletins: about ${sent.length} subjects sent, ${Object.keys(rejected).length} kept back`,
    ...list(
      `regions with most events, of ${regions.length}`,
      regions
        .slice(0, MOST)
        .map(
          ({ region, events, strongest }) =>
            `${String(events).padStart(5)}  ${region}, up to magnitude ${strongest}`,
        ),
    ),
    ...list('swarms (region, hour)', swarms),
    ...list(
      `airports with earthquakes that people feel within 50 km, of ${located} earthquakes located`,
      near.slice(0, MOST).map(([name, count]) => `${String(count).padStart(5)}  ${name}`),
    ),
    ...list(
      'kept back',
      Object.entries(rejected).map(([text, reason]) => `${text}: ${reason}`),
    ),
    ...list(
      'records of no use',
      Object.entries(bad).map(([id, reason]) => `${id}: ${reason}`),
    ),
  ].join('\n');
};
