import type { PlaceSummary, Summary } from './combine.ts';
import type { MonthClimate } from './analyze-climate.ts';

const MONTHS =
  'January February March April May June July August September October November December'.split(
    ' ',
  );

const monthName = (month: number): string => MONTHS[month - 1] ?? String(month);

const percent = (share: number | null): string =>
  share === null ? '-' : `${(share * 100).toFixed(1)} %`;

const correlation = (r: number | null): string => (r === null ? 'none' : r.toFixed(2));

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** The report as Markdown. It tells nothing of when or where it was made, so that the same data give the same text. */
export const markdown = ({ quality, places }: Summary): string =>
  [
    '# Weather report',
    `${quality.rows - quality.invalid} of ${quality.rows} rows were valid${reasons(quality.reasons)}. ` +
      `${quality.odd.missing_days} days are missing; ${quality.odd.dry_rain} days are called rain without any precipitation.`,
    ...places.flatMap(section),
  ].join('\n\n') + '\n';

const reasons = (found: Summary['quality']['reasons']): string => {
  const texts = Object.entries(found).map(([reason, count]) => `${reason}: ${count}`);
  return texts.length === 0 ? '' : ` (${texts.join('; ')})`;
};

const section = (place: PlaceSummary): string[] => {
  const { climate, conditions } = place;
  const r = conditions.correlations;
  return [
    `## ${place.location}`,
    `${climate.days} days of ${climate.years} years. The mean temperature is ${climate.temp_mean} °C, ` +
      `${climate.precipitation_per_year} mm fall in a year, and a heating makes up for ` +
      `${climate.heating_degrees_per_year} degree days. ${monthName(place.warmest_month)} is the warmest month and ` +
      `${monthName(place.coldest_month)} the coldest; ${monthName(place.wettest_month)} is the wettest and ` +
      `${monthName(place.driest_month)} the driest. The commonest weather is ${place.commonest_weather}.`,
    table(
      ['Month', 'Mean °C', 'Deviation', 'Lowest', 'Highest', 'mm', 'Wet days'],
      climate.months.map(monthRow),
    ),
    table(
      ['Weather', 'Days', 'Share', 'Stays the next day'],
      conditions.frequencies.map((f) => [f.weather, f.days, percent(f.share), percent(f.stays)]),
    ),
    `Correlations: precipitation and wind ${correlation(r.precipitation_and_wind)}, precipitation and daily range ` +
      `${correlation(r.precipitation_and_temp_range)}, lowest and highest temperature ${correlation(r.temp_min_and_temp_max)}.`,
  ];
};

const monthRow = (month: MonthClimate): (string | number)[] => [
  monthName(month.month),
  month.temp_mean,
  month.temp_deviation,
  month.temp_lowest,
  month.temp_highest,
  month.precipitation,
  month.wet_days,
];
