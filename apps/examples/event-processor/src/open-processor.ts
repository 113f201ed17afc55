import { PubSubExecutor, StorageTransport, type AnyPubSubAgent } from '@dagger/pubsub';
import { locator } from './agents/locator.ts';
import { editor, press } from './agents/press.ts';
import { rater } from './agents/rater.ts';
import { reader } from './agents/reader.ts';
import { tally } from './agents/tally.ts';
import { strongWatch, tsunamiWatch } from './agents/watches.ts';
import type { Gazetteer } from './gazetteer.ts';
import type { Tally } from './schemas.ts';
import { stored } from './stored.ts';

export interface ProcessorOptions {
  /** The URL of a storage. One process at a time works on it: the tallies are counted in one place. */
  readonly storage: string;
  readonly gazetteer: Gazetteer;
  /** Bulletins that the press sends in a second. Default 20. */
  readonly perSecond?: number | undefined;
}

export interface Processor extends AsyncDisposable {
  readonly bus: PubSubExecutor;
  readonly transport: StorageTransport;
}

const agentsOf = (
  { gazetteer, perSecond = 20 }: Omit<ProcessorOptions, 'storage'>,
  tallies: ReadonlyMap<string, Tally>,
): readonly AnyPubSubAgent[] => [
  reader,
  rater,
  locator(gazetteer),
  tally((region) => tallies.get(region)),
  strongWatch,
  tsunamiWatch,
  editor,
  press(perSecond),
];

/** Opens the channels in a database with all agents on them. What an earlier process left there goes on at once. */
export const openProcessor = async ({
  storage,
  ...options
}: ProcessorOptions): Promise<Processor> => {
  const transport = await StorageTransport.open({ storage });
  const tallies = new Map<string, Tally>();
  for await (const { payload } of stored<Tally>(transport, 'tally.*'))
    tallies.set(payload.region, payload);
  const bus = await PubSubExecutor.open({
    transport,
    // A person who does not answer for a minute agrees.
    channels: { bulletin: { review: { wait: 60, onTimeout: 'autopilot' } } },
  });
  // Before the agents join, who may have something to do at once.
  bus.channel('tally.*').messages$.subscribe(({ payload }) => {
    const next = payload as Tally;
    tallies.set(next.region, next);
  });
  for (const agent of agentsOf(options, tallies)) await bus.addAgent(agent);
  return { bus, transport, [Symbol.asyncDispose]: () => bus.close({ drainSeconds: 0 }) };
};
