// Many workers on one database under a simulated clock: a random schedule for each seed, and what must hold in all of them.
import { parseArgs } from 'node:util';
import { runCrew, type Tally } from './crew.ts';
import { simulate, type Outcome } from './simulate.ts';
import { openDatabase } from './world/database.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const whole = (name: string, text: string): number => {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  console.error(`--${name} must be a whole number, not '${text}'`);
  process.exit(2);
};

const replay = async (seed: string): Promise<Tally> => {
  const database = await openDatabase();
  const outcome = await simulate(seed, { database });
  await database.close();
  const { trace, moves, violation } = outcome;
  if (violation === undefined && !values.json) console.log(trace.join('\n'));
  return {
    seeds: 1,
    moves,
    steps: trace.length,
    failures: violation === undefined ? [] : [outcome],
  };
};

const runAll = (): Promise<Tally> => {
  const seeds = whole('seeds', values.seeds);
  let told = 0;
  return runCrew({
    from: whole('from', values.from),
    seeds,
    progress: (done) => {
      if (done - told < 200 && done < seeds) return;
      told = done;
      process.stderr.write(`${done} of ${seeds} schedules\n`);
    },
  });
};

const shown = ({ seed, trace, violation }: Outcome): string =>
  [
    ...trace,
    '',
    `seed ${seed}: ${violation ?? ''}`,
    `the same again: pnpm test:simulation --seed ${seed}`,
  ].join('\n');

const tally = await (values.seed === undefined ? runAll() : replay(values.seed));
const { seeds, moves, steps, failures } = tally;
if (values.json) console.log(JSON.stringify(tally, null, 2));
else {
  for (const failure of failures) console.log(shown(failure));
  console.log(
    `${seeds} schedules, ${steps} steps, ${moves} changes of state: ` +
      (failures.length === 0
        ? 'every invariant held'
        : `violated with ${failures.length === 1 ? 'seed' : 'seeds'} ${failures.map(({ seed }) => seed).join(', ')}`),
  );
}
process.exitCode = failures.length === 0 ? 0 : 1;
