import { describe, expect, it } from 'vitest';
import { lowerBound, type ScheduleCase } from '../src/schedule/case.ts';
import { compareOrders } from '../src/schedule/compare.ts';
import { fifoMakespan } from '../src/schedule/fifo.ts';
import { generatedCases } from '../src/schedule/generated.ts';
import { makespanOf } from '../src/schedule/makespan.ts';
import { scheduleSuite } from '../src/schedule/suite.ts';

/** On two workers: 11 s in the order of definition and of becoming ready, 10 s with the long path first. */
const LATE: ScheduleCase = {
  set: 's',
  name: 'late',
  tasks: [
    ...['a', 'b', 'c'].map((id) => ({ id, deps: [], seconds: 1 })),
    { id: 'long', deps: [], seconds: 5 },
    { id: 'end', deps: ['long'], seconds: 5 },
  ],
  optimum: new Map([[2, 10]]),
};

describe('a makespan', () => {
  it('is that of a run in the order that is asked for', async () => {
    expect(await makespanOf(LATE, 2, 'critical_path')).toBe(10);
    expect(await makespanOf(LATE, 2, 'definition')).toBe(11);
    expect(fifoMakespan(LATE, 2)).toBe(11);
  });

  it('is bounded by the longest path, and by the work that each worker must do', () => {
    expect(lowerBound(LATE, 2)).toBe(10);
    expect(lowerBound(LATE, 1)).toBe(13);
  });

  it('is played faster where a run would take longer than it may', async () => {
    const slow = {
      ...LATE,
      tasks: LATE.tasks.map((task) => ({ ...task, seconds: task.seconds * 100_000 })),
    };
    expect(await makespanOf(slow, 2, 'critical_path')).toBeCloseTo(1_000_000, 1);
  });

  it('is told as a multiple of the optimum', async () => {
    const { against, orders } = await compareOrders('s', [LATE], [2, 4]);
    expect(against).toBe('optimum');
    expect(orders['critical path']).toEqual({ mean: 1, worst: 1, worstCase: 'late, 2 workers' });
    expect(orders.definition.worst).toBeCloseTo(1.1);
    expect(orders.fifo.worst).toBeCloseTo(1.1);
  });
});

describe('the generated graphs', () => {
  it('are more than a hundred, no two alike, of every shape, and the same each time', () => {
    const graphs = generatedCases(12);
    const tasks = graphs.map((graph) => JSON.stringify(graph.tasks));
    expect(new Set(tasks).size).toBe(graphs.length);
    expect(graphs.length).toBeGreaterThanOrEqual(100);
    expect(new Set(graphs.map(({ set }) => set)).size).toBe(10);
    expect(generatedCases(12).map((graph) => JSON.stringify(graph.tasks))).toEqual(tasks);
  });
});

it('the suite names what it skips where there are no collected graphs', async () => {
  const { text, missed } = await scheduleSuite.run({
    quick: true,
    cases: 'no-such-folder',
    progress: () => {},
  });
  expect(text).toContain('stg: skipped');
  expect(text).toContain('workflows: skipped');
  expect(missed).toBe(false);
});
