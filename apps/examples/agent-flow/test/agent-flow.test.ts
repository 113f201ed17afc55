import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { flowOutputs } from '@dagger/core';
import { expect, onTestFinished, test } from 'vitest';
import { readRows } from '../src/dataset.ts';
import { openFlow } from '../src/open-flow.ts';

test('the rules find the datasets of a task, inspect them, and report on their columns', async () => {
  await using executor = await openFlow();
  const report = await executor.executeDag({ task: 'Describe the penguins' });
  expect(report.status).toBe('succeeded');
  expect(Object.keys(report.nodes)).toEqual([
    'supervisor_1',
    'find',
    'supervisor_2',
    'inspect_1',
    'supervisor_3',
    'summarize_numbers_3',
    'summarize_numbers_3_2',
    'summarize_numbers_3_3',
    'count_values_3',
    'count_values_3_2',
    'count_values_3_3',
    'supervisor_4',
  ]);
  const rows = await readRows('penguins.json');
  const masses = rows.map((row) => row['Beak Length (mm)']).filter((v) => typeof v === 'number');
  const average = masses.reduce((a, b) => a + b, 0) / masses.length;
  expect(report.nodes['summarize_numbers_3']?.outputs).toMatchObject({
    column: 'Beak Length (mm)',
    count: masses.length,
    least: Math.min(...masses),
    mean: expect.closeTo(average, 3),
  });
  const adelie = rows.filter((row) => row['Species'] === 'Adelie').length;
  const written = flowOutputs(report)?.['report'];
  expect(written).toContain(`## penguins.json: ${rows.length} rows`);
  expect(written).toContain(`- Species: 3 different, most often Adelie (${adelie})`);
});

test('the rules go on without a dataset that is no table', async () => {
  await using executor = await openFlow();
  const report = await executor.executeDag({ task: 'Compare penguins with the earthquakes' });
  expect(report).toMatchObject({ status: 'succeeded', counts: { failed: 1 } });
  expect(report.nodes['inspect_1']?.error?.message).toContain("'earthquakes.json' is no table");
  expect(flowOutputs(report)?.['report']).toContain('penguins.json');
});

test('the rules say so when nothing goes with the task', async () => {
  await using executor = await openFlow();
  const report = await executor.executeDag({ task: 'Juggle' });
  expect(flowOutputs(report)).toEqual({ report: "No dataset goes with 'Juggle'." });
});

test('a model is told of its mistakes, and its tokens are counted', async () => {
  const answers = [
    'Well, let me think',
    '{"nodes": [{"id": "look", "action": "inspect_dataset", "inputs": {"dataset": "penguins.json"}}]}',
    '{"done": true, "outputs": {"report": "all is well"}}',
  ];
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { messages } = JSON.parse(body) as { messages: { content: string }[] };
      asked.push(messages[1]?.content ?? '');
      const message = { content: answers[asked.length - 1] };
      response.end(JSON.stringify({ choices: [{ message }], usage: { total_tokens: 7 } }));
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using executor = await openFlow({ model: { key: 'k', url } });
  const report = await executor.executeDag({ task: 'Look at the penguins' });
  expect(flowOutputs(report)).toEqual({ report: 'all is well' });
  expect(asked.map((told) => (JSON.parse(told) as { problems: string[] }).problems)).toEqual([
    [],
    [expect.stringContaining('a plan is an object')],
    [],
  ]);
  expect(JSON.parse(asked[2] ?? '')).toMatchObject({ results: { look: { rows: 344 } } });
  expect(report.metrics).toMatchObject({ tokens: 21 });
});
