import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActionRegistry, type RunReport } from '@dagger/core';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { actions } from '../src/actions.ts';
import { workflowBuilder } from '../src/agent/workflow-builder.ts';
import { writeClaimsDatabase } from '../src/customers/claims-database.ts';
import { serveDatasets } from '../src/http/dataset-server.ts';
import { runWorkflow } from '../src/run-workflow.ts';
import { rawFile, rawRows } from './raw-file.ts';
import { temporaryFolder } from './temporary-folder.ts';

const run = (file: string, inputs: Record<string, string>, folder: string): Promise<RunReport> =>
  runWorkflow(
    { file, inputs, hooks: [workflowBuilder], outcome: () => '' },
    { registry: new ActionRegistry(actions), folder },
  );

const NOT_CUSTOMERS = ['BUSINESS', 'GOVERNMENT', 'MILITARY', 'PRIVATELY OWNED', 'UNKNOWN'];

/** Claims and cost by airline, counted from the raw rows. */
const airlines = (): Map<string, { claims: number; cost: number; byYear: Map<number, number> }> => {
  const found = new Map<string, { claims: number; cost: number; byYear: Map<number, number> }>();
  for (const row of rawRows('birdstrikes.csv')) {
    const name = (row[4] ?? '').replace('*', '');
    if (NOT_CUSTOMERS.includes(name)) continue;
    const one = found.get(name) ?? { claims: 0, cost: 0, byYear: new Map<number, number>() };
    const year = Number(row[3]?.slice(0, 4));
    one.claims++;
    one.cost += Number(row[12]);
    one.byYear.set(year, (one.byYear.get(year) ?? 0) + 1);
    found.set(name, one);
  }
  return found;
};

interface Car {
  readonly Name: string;
  readonly Miles_per_Gallon: number | null;
  readonly Horsepower: number | null;
  readonly Weight_in_lbs: number;
}

interface SavedCar {
  readonly name: string;
  readonly litres_per_100_km: number | null;
  readonly kilowatts: number | null;
  readonly kilograms: number;
}

const rowsOf = (file: string, sql: string): unknown[] => {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
};

test('data_processing_pipeline reports what the raw claims add up to', async () => {
  const report = await run(
    'customer-data-processing.yaml',
    { customer_data: 'dataset:birdstrikes.csv' },
    await temporaryFolder(),
  );
  expect(report.status).toBe('succeeded');
  const expected = [...airlines()];
  const cost = expected.reduce((all, [, one]) => all + one.cost, 0);
  const dearest = expected.toSorted(([, a], [, b]) => b.cost - a.cost);
  let differences = 0;
  for (const [, a] of expected)
    for (const [, b] of expected) differences += Math.abs(a.cost - b.cost);
  expect(report.node('parallel_analysis_a')?.outputs?.['analysis_a']).toMatchObject({
    customers: expected.length,
    claims: expected.reduce((all, [, one]) => all + one.claims, 0),
    cost,
    // The Gini coefficient by its definition: half the relative mean difference of all pairs.
    gini: expect.closeTo(differences / (2 * expected.length * cost), 3),
    dearest: dearest.slice(0, 5).map(([name, one]) => ({ name, cost: one.cost })),
  });
  const perYear = Array.from({ length: 12 }, (_, i) =>
    expected.reduce((all, [, one]) => all + (one.byYear.get(1990 + i) ?? 0), 0),
  );
  const middle = perYear.reduce((all, count) => all + count, 0) / 12;
  const slope =
    perYear.reduce((all, count, i) => all + (i - 5.5) * (count - middle), 0) /
    perYear.reduce((all, _, i) => all + (i - 5.5) ** 2, 0);
  expect(report.node('parallel_analysis_b')?.outputs?.['analysis_b']).toMatchObject({
    first_year: '1990',
    last_year: '2001',
    claims_by_year: Object.fromEntries(perYear.map((count, i) => [String(1990 + i), count])),
    per_year: expect.closeTo(slope, 1),
  });
  expect(report.node('combine_results')?.outputs?.['final_report']).toContain(
    `which cost $${cost.toLocaleString('en-US')}`,
  );
});

test('data_processing_pipeline stops at invalid customer data and tells why', async () => {
  const folder = await temporaryFolder();
  const source = join(folder, 'claims.csv');
  const [header, first] = rawFile('birdstrikes.csv').split('\n');
  await writeFile(source, [header, first, first?.replace('1990-01-08', 'yesterday')].join('\n'));
  const report = await run('customer-data-processing.yaml', { customer_data: source }, folder);
  expect(report.status).toBe('failed');
  expect(report.node('validate_input')).toMatchObject({
    status: 'failed',
    error: { code: 'DATA_INVALID' },
    handler: {
      status: 'succeeded',
      outputs: {
        notice:
          'validate_input refused the data after 1 attempt: 1 of 2 rows are invalid: ' +
          'Flight Date is not a date (1), the first in line 3; tolerated is a share of 0.01',
      },
    },
  });
  expect(report.counts).toMatchObject({ failed: 1, skipped: 4 });
});

test('data_pipeline over HTTP saves every car in metric units', async () => {
  const folder = await temporaryFolder();
  await using server = await serveDatasets();
  const report = await run('http-to-database.yaml', { data_url: server.url('cars.json') }, folder);
  expect(report.status).toBe('succeeded');
  const cars = JSON.parse(rawFile('cars.json')) as Car[];
  const saved = rowsOf(join(folder, 'results.db'), 'SELECT * FROM results') as SavedCar[];
  // A gallon has 3.785411784 litres, a mile 1.609344 km, a horsepower 745.7 W, a pound 0.45359237 kg.
  const expected = cars.map((car) => ({
    name: car.Name,
    litres_per_100_km:
      car.Miles_per_Gallon && (3.785411784 / (car.Miles_per_Gallon * 1.609344)) * 100,
    kilowatts: car.Horsepower && (car.Horsepower * 745.7) / 1000,
    kilograms: car.Weight_in_lbs * 0.45359237,
  }));
  const figures = (car: SavedCar): (number | null)[] => [
    car.litres_per_100_km,
    car.kilowatts,
    car.kilograms,
  ];
  expect(saved.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
  const found = saved.flatMap(figures);
  const wanted = expected.flatMap(figures);
  expect(found.map((value) => value === null)).toEqual(wanted.map((value) => value === null));
  const differences = found.map((value, i) => Math.abs((value ?? 0) - (wanted[i] ?? 0)));
  // Figures are rounded to hundredths.
  expect(Math.max(...differences)).toBeLessThan(0.006);
});

test('data_pipeline over HTTP gives up at once on an address that is not there', async () => {
  await using server = await serveDatasets();
  const url = server.url('no-such-file.json');
  const report = await run('http-to-database.yaml', { data_url: url }, await temporaryFolder());
  expect(report.node('fetch_data')).toMatchObject({
    status: 'failed',
    attempts: 1,
    error: { message: `${url} answered 404 Not Found` },
  });
});

test('data_pipeline into the warehouse loads each customer once, also when it runs twice', async () => {
  const folder = await temporaryFolder();
  const claims = join(folder, 'claims.db');
  await writeClaimsDatabase(claims, new AbortController().signal);
  const inputs = { database_url: `sqlite:${claims}`, target_table: 'customers_clean' };
  await run('customers-to-warehouse.yaml', inputs, folder);
  const report = await run('customers-to-warehouse.yaml', inputs, folder);
  expect(report.status).toBe('succeeded');
  const expected = airlines();
  expect(report.node('load_data')?.outputs?.['loaded_count']).toBe(expected.size);
  expect(
    rowsOf(
      join(folder, 'warehouse.db'),
      'SELECT name, claims, cost FROM customers_clean ORDER BY name',
    ),
  ).toEqual(
    [...expected]
      .map(([name, { claims, cost }]) => ({ name, claims, cost }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  );
});

test('agent_workflow grows a node for every tool, step and check of its plan', async () => {
  const report = await run(
    'agent.yaml',
    { task: 'Analyze sales data and create report' },
    await temporaryFolder(),
  );
  expect(report.status).toBe('succeeded');
  expect(Object.values(report.nodes).map(({ id, action }) => [id, action])).toEqual([
    ['planner', 'planner_agent'],
    ['tool_0', 'invoke_tool'],
    ['step_0', 'execute_step'],
    ['step_1', 'execute_step'],
    ['validate_result_1', 'validate_result'],
  ]);
  const sales = (JSON.parse(rawFile('movies.json')) as Record<string, unknown>[])
    .map((movie) => movie['US DVD Sales'])
    .filter((value) => typeof value === 'number');
  const sorted = sales.toSorted((a, b) => a - b);
  const sum = sales.reduce((all, value) => all + value, 0);
  const half = sales.length / 2;
  expect(report.node('step_0')?.outputs?.['result']).toMatchObject({
    findings: [
      {
        dataset: 'movies.json',
        measure: 'US DVD Sales',
        rows: sales.length,
        sum,
        mean: expect.closeTo(sum / sales.length, 1),
        median: ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2,
        highest: sorted
          .slice(-5)
          .reverse()
          .map((value) => expect.objectContaining({ value })),
      },
    ],
  });
  expect(report.node('validate_result_1')?.outputs?.['report']).toContain(
    `${sum.toLocaleString('en-US')} in all`,
  );
});

test('agent_workflow keeps the findings of every analysis for the report', async () => {
  const report = await run(
    'agent.yaml',
    { task: 'Analyze sales, analyze precipitation and write a report' },
    await temporaryFolder(),
  );
  expect(report.status).toBe('succeeded');
  expect(report.node('step_2')?.outputs?.['result']).toMatchObject({
    findings: [
      { dataset: 'movies.json', measure: 'US DVD Sales' },
      { dataset: 'seattle-weather.csv', measure: 'precipitation' },
    ],
  });
});

test('agent_workflow fails with the planner when it cannot plan', async () => {
  const report = await run('agent.yaml', { task: 'Juggle numbers' }, await temporaryFolder());
  expect(report.node('planner')?.error?.message).toContain("no step is known for 'Juggle numbers'");
  expect(report.counts.total).toBe(1);
});
