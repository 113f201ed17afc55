import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunReport } from '@dagger/core';
import { expect, test } from 'vitest';
import { runPipeline } from './run-pipeline.ts';
import { temporaryFolder } from './temporary-folder.ts';

const HEADER = 'location,date,precipitation,temp_max,temp_min,wind,weather';

const day = (i: number, rest = '1.5,10,4,3,rain'): string =>
  `Oslo,2020-01-${String(i).padStart(2, '0')},${rest}`;

const GOOD = Array.from({ length: 28 }, (_, i) => day(i + 1));

const runOn = async (lines: readonly string[], tolerance?: number): Promise<RunReport> => {
  const folder = await temporaryFolder();
  const source = join(folder, 'weather.csv');
  await writeFile(source, lines.join('\n'));
  return runPipeline({
    source,
    output_folder: folder,
    ...(tolerance === undefined ? {} : { tolerance }),
  });
};

/** What every refusal has in common; gives the message. */
const expectRefusal = (report: RunReport): string => {
  expect(report.status).toBe('failed');
  const node = report.node('validate_input');
  expect(node).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'DATA_INVALID' } });
  const message = node?.error?.message ?? '';
  expect(node?.handler).toEqual({
    status: 'succeeded',
    outputs: { notice: `validate_input refused the data after 1 attempt: ${message}` },
  });
  for (const id of ['transform_data', 'analyze_climate', 'combine_results', 'write_report'])
    expect(report.node(id)?.status).toBe('skipped');
  return message;
};

test.each([
  ['a text for a number', 'mild,10,4,3,rain', 'precipitation is not a number (1)'],
  ['a negative precipitation', '-1,10,4,3,rain', 'precipitation is below 0 (1)'],
  ['an impossible temperature', '1,99,4,3,rain', 'temp_max is above 60 (1)'],
  ['a minimum above the maximum', '1,4,10,3,rain', 'temp_min is above temp_max (1)'],
  ['an unknown weather', '1,10,4,3,hail', 'weather is not known (1)'],
  ['an empty cell', '1,,4,3,rain', 'temp_max is missing (1)'],
  [
    'a row that ends early',
    '1,10',
    'temp_min is missing (1), wind is missing (1), weather is missing (1)',
  ],
])('a row with %s is refused with the reason and the line', async (_, rest, reason) => {
  const report = await runOn([HEADER, ...GOOD, day(29, rest)]);
  expect(expectRefusal(report)).toBe(
    `1 of 29 rows are invalid: ${reason}, the first in line 30; tolerated is a share of 0.01`,
  );
});

test('a date that occurs twice at a place is refused', async () => {
  const report = await runOn([HEADER, ...GOOD, day(7)]);
  expect(expectRefusal(report)).toContain('the row occurs twice (1), the first in line 30');
});

test('a date that does not exist is refused', async () => {
  const report = await runOn([HEADER, ...GOOD, day(32)]);
  expect(expectRefusal(report)).toContain('date is not a date (1)');
});

test('a file of something else is refused with the columns that it lacks', async () => {
  const report = await runOn(['symbol,date,price', 'MSFT,2000-01-01,39.81']);
  expect(expectRefusal(report)).toBe(
    'the file has no column location, precipitation, temp_max, temp_min, wind, weather; it has symbol, date, price',
  );
});

test('a file without rows is refused', async () => {
  expect(expectRefusal(await runOn([HEADER]))).toBe('the file has no rows');
});

test('invalid rows within the tolerance are left out, counted and reported', async () => {
  const report = await runOn(
    [HEADER, ...GOOD, day(29, '1,4,10,3,rain'), day(30, 'x,4,1,3,rain')],
    0.1,
  );
  expect(report.status).toBe('succeeded');
  expect(report.node('validate_input')?.outputs?.['quality']).toEqual({
    rows: 30,
    invalid: 2,
    reasons: { 'temp_min is above temp_max': 1, 'precipitation is not a number': 1 },
    examples: [
      { line: 30, reason: 'temp_min is above temp_max' },
      { line: 31, reason: 'precipitation is not a number' },
    ],
    odd: { dry_rain: 0, missing_days: 0 },
  });
  expect(report.node('write_report')?.outputs?.['markdown']).toContain(
    '28 of 30 rows were valid (temp_min is above temp_max: 1; precipitation is not a number: 1)',
  );
});

test('days without a row and rain without precipitation are told, not refused', async () => {
  const report = await runOn([HEADER, day(1), day(2, '0,10,4,3,rain'), day(9)]);
  expect(report.node('validate_input')?.outputs?.['quality']).toMatchObject({
    invalid: 0,
    odd: { dry_rain: 1, missing_days: 6 },
  });
});

test('a file that is not there fails the extraction at once', async () => {
  const report = await runPipeline({ source: 'no-such-file.csv' });
  expect(report.status).toBe('failed');
  expect(report.node('extract_data')).toMatchObject({
    status: 'failed',
    attempts: 1,
    error: { message: "there is no file at 'no-such-file.csv'" },
  });
  expect(report.node('validate_input')).toMatchObject({ status: 'skipped', handler: null });
});
