import { collectGarbage } from './garbage.ts';

/** One thing to time: `once` does it once, checks that it was done, and gives its milliseconds. */
export interface Timed<Name extends string> {
  readonly name: Name;
  readonly once: () => Promise<number>;
}

export interface Timing {
  readonly milliseconds: number;
  readonly rounds: number;
}

export interface Patience {
  /** At most so many rounds each. */
  readonly rounds: number;
  /** Who has used so much in this row takes no further round, so that a slow peer costs its own medians only. */
  readonly budgetMs: number;
}

/**
 * A full collection also drops optimised code (it holds object shapes weakly), and engines differ up to fourfold in what that costs
 * them. So a round is: collect, pass untimed until warm again, then time passes.
 */
const WARM_AGAIN_MS = 100;
const TIMED_MS = 50;
const FIRST_WARM_UP_MS = 300;
/** Who takes longer than this for a pass has become warm on its way. */
const LONG_PASS_MS = 1_000;

/**
 * Medians of interleaved rounds: A B C, A B C, ... The first passes of each are its warm-up; the last of them counts only where it
 * is all that the budget allows.
 */
export async function measureInterleaved<Name extends string>(
  entries: readonly Timed<Name>[],
  patience: Patience,
): Promise<Map<Name, Timing>> {
  const runners: Runner<Name>[] = [];
  for (const entry of entries) runners.push(await warmUp(entry));
  for (let round = 0; round < patience.rounds; round += 1) {
    for (const runner of runners) {
      if (runner.spentMs < patience.budgetMs) await takeRound(runner);
    }
  }
  return new Map(
    runners.map(({ name, passMs, samples }) => [
      name,
      {
        milliseconds: median(samples.length === 0 ? [passMs] : samples),
        rounds: Math.max(1, samples.length),
      },
    ]),
  );
}

interface Runner<Name extends string> extends Timed<Name> {
  readonly passMs: number;
  readonly samples: number[];
  spentMs: number;
}

async function warmUp<Name extends string>(entry: Timed<Name>): Promise<Runner<Name>> {
  collectGarbage();
  const passes = await passesFor(entry, FIRST_WARM_UP_MS);
  return { ...entry, passMs: passes.at(-1)!, samples: [], spentMs: sum(passes) };
}

async function takeRound<Name extends string>(runner: Runner<Name>): Promise<void> {
  collectGarbage();
  const untimed = runner.passMs < LONG_PASS_MS ? await passesFor(runner, WARM_AGAIN_MS) : [];
  const timed = await passesFor(runner, TIMED_MS);
  runner.samples.push(median(timed));
  runner.spentMs += sum(untimed) + sum(timed);
}

/** At least one pass, and more until together they took so long. */
async function passesFor<Name extends string>(
  { once }: Timed<Name>,
  milliseconds: number,
): Promise<number[]> {
  const passes = [await once()];
  while (sum(passes) < milliseconds) passes.push(await once());
  return passes;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
