// Runs the schedules that it is asked for, one after the other on the same database.
import type { Batch, BatchReport } from './crew.ts';
import { simulate, type Outcome } from './simulate.ts';
import { openDatabase } from './world/database.ts';

const database = await openDatabase();

const run = async ({ from, seeds }: Batch): Promise<BatchReport> => {
  const failures: Outcome[] = [];
  let moves = 0;
  let steps = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const outcome = await simulate(String(seed), { database });
    moves += outcome.moves;
    steps += outcome.trace.length;
    if (outcome.violation !== undefined) failures.push(outcome);
  }
  return { moves, steps, failures };
};

process.on('message', (batch) => {
  run(batch as Batch).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
