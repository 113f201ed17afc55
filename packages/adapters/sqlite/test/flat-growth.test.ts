import { ActionRegistry, DagExecutor } from '@dagger/core';
import BetterSqlite3 from 'better-sqlite3';
import { expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';
import { file } from './place.ts';

/** Runs a graph of so many nodes in chains of ten, and gives the bytes of the database for each node. */
const bytesPerNode = async (nodes: number, output: () => string): Promise<number> => {
  const place = file();
  const executor = await DagExecutor.open({
    registry: new ActionRegistry([{ name: 'make', execute: () => ({ text: output() }) }]),
    storage: sqlite(place),
  });
  executor.add({
    name: 'g',
    nodes: Array.from({ length: nodes }, (_, i) => ({
      id: `n${i}`,
      action: 'make',
      dependencies: i % 10 === 0 ? [] : [`n${i - 1}`],
    })),
  });
  expect((await executor.run('g')).counts.succeeded).toBe(nodes);
  await executor.close();
  const database = new BetterSqlite3(place);
  const pragma = (name: string): number => Number(database.pragma(name, { simple: true }));
  const bytes = pragma('page_count') * pragma('page_size');
  database.close();
  return bytes / nodes;
};

let made = 0;

it.each([
  ['small', () => `${made++}`],
  ['large, each another,', () => `${made++}`.repeat(8_000)],
  ['large and the same', () => 'same'.repeat(8_000)],
])(
  'with outputs that are %s the bytes for each node stay flat as a run grows',
  async (_, output) => {
    made = 1_000;
    const few = await bytesPerNode(500, output);
    made = 1_000;
    const many = await bytesPerNode(2_000, output);
    // The empty tables are a share of the small one.
    expect(many / few).toBeGreaterThan(0.4);
    expect(many / few).toBeLessThan(1.1);
  },
);
