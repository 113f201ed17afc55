import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { file } from './place.ts';

/** Runs layers of 1,000 nodes, each node after three of the layer before, and prints what came of it. */
const program = `
  const [place] = process.argv.slice(1);
  const { ActionRegistry, DagExecutor } = await import('@dagger/core');
  const { sqlite } = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)});
  const nodes = [];
  for (let layer = 0; layer < 100; layer++)
    for (let i = 0; i < 1_000; i++)
      nodes.push({
        id: 'n' + layer + '_' + i,
        action: 'ok',
        ...(layer === 0 ? {} : { dependencies: [0, 1, 7].map((step) => 'n' + (layer - 1) + '_' + ((i + step) % 1_000)) }),
      });
  const registry = new ActionRegistry([{ name: 'ok', execute: ({ nodeId }) => ({ from: nodeId }) }]);
  const executor = await DagExecutor.open({ registry, ...(place === '' ? {} : { storage: sqlite(place) }) });
  executor.add({ name: 'layers', nodes });
  const { status, counts, metrics } = await executor.run('layers', { runId: 'r' });
  await executor.close();
  console.log(JSON.stringify({ status, succeeded: counts.succeeded, attempts: metrics.attempts, megabytes: process.resourceUsage().maxRSS / 1024 }));
`;

describe('a graph of 100,000 nodes', () => {
  it.each([
    ['in memory', () => ''],
    ['on a file', file],
  ])('runs %s in less than 1 GB', (_, place) => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['-C', '@dagger/source', '--input-type=module', '-e', program, place()],
      { cwd: import.meta.dirname, encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    const told = JSON.parse(stdout) as { megabytes: number };
    expect(told).toMatchObject({ status: 'succeeded', succeeded: 100_000, attempts: 100_000 });
    expect(told.megabytes).toBeLessThan(1_024);
  });
});
