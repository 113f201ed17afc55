import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulate } from '../src/simulate.ts';
import { openDatabase, type Database } from '../src/world/database.ts';
import type { Tamper } from '../src/world/process.ts';
import { tampering } from './tampered.ts';

let database: Database;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

/** Beyond those of a short run of the command. */
const FIRST = 1_000_001;

/** What the first of 300 seeds that fails says. */
const firstViolation = async (from: number, tamper: Tamper): Promise<string | undefined> => {
  for (let seed = from; seed < from + 300; seed++) {
    const { violation } = await simulate(String(seed), { database, tamper });
    if (violation !== undefined) return violation;
  }
  return undefined;
};

describe('a simulation of many workers', () => {
  it('finds no violated invariant in forty random schedules', { timeout: 120_000 }, async () => {
    const violations: string[] = [];
    for (let seed = FIRST; seed < FIRST + 40; seed++) {
      const { violation } = await simulate(String(seed), { database });
      if (violation !== undefined) violations.push(`seed ${seed}: ${violation}`);
    }
    expect(violations).toEqual([]);
  });

  it(
    'replays the schedule of a seed exactly, on whatever database',
    { timeout: 120_000 },
    async () => {
      const fresh = await openDatabase();
      for (const seed of ['1', '2', '3']) {
        const once = await simulate(seed, { database });
        expect(once.trace.length).toBeGreaterThan(50);
        expect(await simulate(seed, { database: fresh })).toEqual(once);
      }
      await fresh.close();
    },
  );

  it.each([
    [
      'completions do not show the fence',
      tampering('then dagger_tasks.fence = e.c1', 'then true'),
      /was completed by its run \d+ while run \d+ had it/,
      // One schedule in seventy shows it; this is shortly before one that does.
      FIRST + 58,
    ],
    [
      'workers take what others have',
      tampering(
        "where state = 'ready' and agent",
        "where state in ('ready', 'in_progress') and agent",
      ),
      /went from in_progress to in_progress|the fence of task/,
    ],
    [
      'dependents are not told',
      tampering('waiting = waiting - d.n,', 'waiting = waiting,'),
      /its tasks are|and its row says/,
    ],
    [
      'a claim does not raise the fence',
      tampering('fence = fence + 1, started_at', 'started_at'),
      /the fence of task '.*' went from 0 to 0/,
    ],
  ])('notices when %s', { timeout: 120_000 }, async (_, { tamper, wasMet }, told, from = FIRST) => {
    const violation = await firstViolation(from, tamper);
    // What is replaced is there, so that the test shows something.
    expect(wasMet()).toBe(true);
    expect(violation).toMatch(told);
  });
});
