import { thisMachine } from '../machine.ts';
import type { Suite } from '../suite.ts';
import type { BusName } from './contender.ts';
import { busNames, roleOf } from './contenders.ts';
import { measureMemory } from './memory.ts';
import { renderPubSub } from './render.ts';
import type { Memory, PubSubReport, PubSubRow, Skipped, Speed } from './report.ts';
import {
  backlogsOf,
  CAPACITY,
  messagesBehind,
  patience,
  publications,
  SUBSCRIBERS,
} from './sizes.ts';
import { measureThroughput, type Measurement } from './throughput.ts';
import { pubsubVerdicts } from './verdicts.ts';

type Found = Map<number, Map<BusName, Speed | Skipped>>;

/** Who keeps messages would have the others collect that garbage too. */
const KEEPS: BusName = 'dagger, traced';
const others = busNames.filter((name) => name !== KEEPS);

const measureAll = async (measurement: Measurement): Promise<Map<BusName, Speed | Skipped>> =>
  new Map([
    ...(await measureThroughput(others, measurement)),
    ...(await measureThroughput([KEEPS], measurement)),
  ]);

export const pubsubSuite: Suite = {
  summary:
    'messages to async subscribers in memory, streams and backlogs, beside a floor and peers',

  async run({ quick, progress }) {
    const streams: Found = new Map();
    for (const subscribers of SUBSCRIBERS) {
      progress(`pubsub: ${subscribers} ${subscribers === 1 ? 'subscriber' : 'subscribers'}`);
      const settings = { subscribers, capacity: CAPACITY, backlog: 0 };
      const messages = publications(subscribers, quick);
      streams.set(
        subscribers,
        await measureAll({ ...settings, messages, patience: patience(quick) }),
      );
    }
    const backlogs: Found = new Map();
    for (const backlog of backlogsOf(quick)) {
      progress(`pubsub: a backlog of ${backlog.toLocaleString('en-US')}`);
      const settings = { subscribers: 1, capacity: Math.max(CAPACITY, backlog), backlog };
      const messages = messagesBehind(backlog, quick);
      backlogs.set(backlog, await measureAll({ ...settings, messages, patience: patience(quick) }));
    }
    const memory = new Map<BusName, Memory | Skipped>();
    for (const name of busNames) {
      progress(`pubsub: memory, ${name}`);
      memory.set(name, await measureMemory(name, quick));
    }
    const of = (found: Found, name: BusName): PubSubRow['streams'] =>
      Object.fromEntries([...found].map(([size, results]) => [size, results.get(name)!]));
    const rows = busNames.map((name) => ({
      name,
      role: roleOf(name),
      streams: of(streams, name),
      backlogs: of(backlogs, name),
      memory: memory.get(name)!,
    }));
    const verdicts = pubsubVerdicts(rows, backlogsOf(quick).at(-1)!);
    const document: PubSubReport = {
      suite: 'pubsub',
      quick,
      machine: thisMachine(),
      rows,
      verdicts,
      // Who cannot do something is skipped in the cell of the table.
      skipped: [],
    };
    return {
      document,
      text: renderPubSub(document),
      missed: verdicts.some(({ met }) => met === false),
    };
  },
};
