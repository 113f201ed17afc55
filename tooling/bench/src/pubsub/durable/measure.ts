import Database from 'better-sqlite3';
import { countCommits } from '../../durable/wal.ts';
import { measureInterleaved, type Patience } from '../../measure.ts';
import type { DurableContender } from './contender.ts';
import { checkFile, countHandled } from './handled.ts';
import { atPlace } from './places.ts';
import type { DurableRow } from './report.ts';

export interface DurableMeasurement {
  readonly messages: number;
  readonly patience: Patience;
}

/** One checked pass in a place of its own. @returns its milliseconds */
export const durablePass = (
  { name, group, run }: DurableContender,
  messages: number,
): Promise<number> =>
  atPlace(group, async (place) => {
    const handled = countHandled(messages);
    const took = await run({ place, messages, handle: handled.handle });
    handled.check(name);
    if (group !== 'postgres') checkFile(name, place, messages);
    return took;
  });

/** Messages per second of the contenders of one group, medians of interleaved rounds. */
export const measureDurable = async (
  contenders: readonly DurableContender[],
  { messages, patience }: DurableMeasurement,
): Promise<DurableRow[]> => {
  const timings = await measureInterleaved(
    contenders.map((contender) => ({
      name: contender.name,
      once: () => durablePass(contender, messages),
    })),
    patience,
  );
  const rows: DurableRow[] = [];
  for (const contender of contenders) {
    const { name, role, group } = contender;
    const { milliseconds, rounds } = timings.get(name)!;
    const messagesPerSecond = (messages / milliseconds) * 1000;
    const commits = group === 'postgres' ? null : await commitsOf(contender, messages);
    rows.push({ name, role, group, messagesPerSecond, commits, messages, rounds });
  }
  return rows;
};

/** In a pass that is not timed, with those that make the tables. */
const commitsOf = ({ group, run }: DurableContender, messages: number): Promise<number> =>
  atPlace(group, (place) => {
    const file = new Database(place);
    file.pragma('journal_mode = wal');
    file.close();
    return countCommits(place, async () => {
      await run({ place, messages, handle: countHandled(messages).handle });
    });
  });
