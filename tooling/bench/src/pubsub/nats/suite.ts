import type { Verdict } from '../../targets.ts';
import { bareClient, bareClientTuned } from './bare-client.ts';
import type { NatsContender } from './contender.ts';
import { dagger } from './dagger.ts';
import { measureNats, natsMeasures, type NatsMeasure, type NatsMeasurement } from './measure.ts';
import { natsIsMissing } from './place.ts';
import type { NatsRow, NatsSpeed } from './report.ts';
import { natsVerdicts } from './verdicts.ts';

export interface NatsPart {
  readonly rows: readonly NatsRow[];
  readonly verdicts: readonly Verdict[];
  /** The reason where no server answers. */
  readonly skipped: readonly string[];
}

export const natsContenders: readonly NatsContender[] = [dagger, bareClient, bareClientTuned];

const measurementOf = (quick: boolean): NatsMeasurement =>
  quick
    ? { messages: 2_000, patience: { rounds: 3, budgetMs: 1_000 } }
    : { messages: 5_000, patience: { rounds: 11, budgetMs: 10_000 } };

/** Channels in a stream of NATS JetStream, beside the client that they are made of. */
export const measureNatsPart = async (
  quick: boolean,
  progress: (line: string) => void,
): Promise<NatsPart> => {
  const missing = await natsIsMissing();
  if (missing !== undefined) return { rows: [], verdicts: natsVerdicts([]), skipped: [missing] };
  const found = new Map<NatsMeasure, ReadonlyMap<string, NatsSpeed>>();
  for (const measure of natsMeasures) {
    progress(`pubsub: nats, ${measure}`);
    found.set(measure, await measureNats(measure, natsContenders, measurementOf(quick)));
  }
  const of = (measure: NatsMeasure, name: string): NatsSpeed => found.get(measure)!.get(name)!;
  const rows = natsContenders.map(({ name }) => ({
    name,
    speeds: { both: of('both', name), publish: of('publish', name), read: of('read', name) },
  }));
  return { rows, verdicts: natsVerdicts(rows), skipped: [] };
};
