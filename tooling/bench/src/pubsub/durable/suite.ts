import { missingServers } from '../../tasks/places.ts';
import type { Verdict } from '../../targets.ts';
import { durableGroups } from './contender.ts';
import { durableContenders } from './contenders.ts';
import { measureDurable, type DurableMeasurement } from './measure.ts';
import type { DurableRow } from './report.ts';
import { durableVerdicts } from './verdicts.ts';

export interface DurablePart {
  readonly rows: readonly DurableRow[];
  readonly verdicts: readonly Verdict[];
  /** The groups whose server does not answer, each with the reason. */
  readonly skipped: readonly string[];
}

const measurementOf = (quick: boolean): DurableMeasurement =>
  quick
    ? { messages: 10_000, patience: { rounds: 5, budgetMs: 2_000 } }
    : { messages: 20_000, patience: { rounds: 9, budgetMs: 15_000 } };

/** Channels in a database, beside a loop by hand. */
export const measureDurablePart = async (
  quick: boolean,
  progress: (line: string) => void,
): Promise<DurablePart> => {
  const missing = (await missingServers()).get('postgres');
  const rows: DurableRow[] = [];
  for (const group of durableGroups) {
    if (group === 'postgres' && missing !== undefined) continue;
    progress(`pubsub: durable, ${group}`);
    const contenders = durableContenders.filter((contender) => contender.group === group);
    rows.push(...(await measureDurable(contenders, measurementOf(quick))));
  }
  return {
    rows,
    verdicts: durableVerdicts(rows),
    skipped: missing === undefined ? [] : [missing],
  };
};
