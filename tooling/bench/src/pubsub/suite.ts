import { thisMachine } from '../machine.ts';
import type { Suite } from '../suite.ts';
import type { BusName } from './contender.ts';
import { busNames, roleOf } from './contenders.ts';
import { measureDurablePart } from './durable/suite.ts';
import { measureMemory } from './memory.ts';
import { measureNatsPart } from './nats/suite.ts';
import { renderPubSub } from './render.ts';
import type { Memory, PubSubReport, PubSubRow, Skipped, Speed, Validation } from './report.ts';
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

/**
 * Who is measured in turns with whom. V8 compiles the code that two share for both, so dagger stands once among its peers, and its
 * variants by themselves: one beside what it is compared with, the other alone, since it keeps messages which the others would have
 * to collect.
 */
const PEERS = busNames.filter((name) => name === 'dagger' || roleOf(name) !== 'dagger');
const CHECKED: readonly BusName[] = ['dagger', 'dagger, schema'];
const TRACED: readonly BusName[] = ['dagger, traced'];

export const pubsubSuite: Suite = {
  summary:
    'messages to async subscribers, in memory beside a floor and peers, durable beside a loop by hand and the client of NATS',

  async run({ quick, progress }) {
    const found = { streams: new Map(), backlogs: new Map() } satisfies Record<string, Found>;
    const note = (where: Found, size: number, speeds: ReadonlyMap<BusName, Speed | Skipped>) =>
      where.set(size, new Map([...speeds, ...(where.get(size) ?? [])]));
    const streamTo = (subscribers: number): Measurement => ({
      subscribers,
      capacity: CAPACITY,
      backlog: 0,
      messages: publications(subscribers, quick),
      patience: patience(quick),
    });
    const behind = (backlog: number): Measurement => ({
      subscribers: 1,
      capacity: Math.max(CAPACITY, backlog),
      backlog,
      messages: messagesBehind(backlog, quick),
      patience: patience(quick),
    });
    for (const subscribers of SUBSCRIBERS) {
      progress(`pubsub: ${subscribers} ${subscribers === 1 ? 'subscriber' : 'subscribers'}`);
      note(found.streams, subscribers, await measureThroughput(PEERS, streamTo(subscribers)));
    }
    for (const backlog of backlogsOf(quick)) {
      progress(`pubsub: a backlog of ${backlog.toLocaleString('en-US')}`);
      note(found.backlogs, backlog, await measureThroughput(PEERS, behind(backlog)));
    }
    progress('pubsub: with a schema, and with a trace');
    const validation: Record<number, Validation> = {};
    for (const subscribers of SUBSCRIBERS) {
      const speeds = await measureThroughput(CHECKED, streamTo(subscribers));
      note(found.streams, subscribers, speeds);
      validation[subscribers] = {
        plain: speeds.get('dagger')!,
        checked: speeds.get('dagger, schema')!,
      };
      note(found.streams, subscribers, await measureThroughput(TRACED, streamTo(subscribers)));
    }
    for (const backlog of backlogsOf(quick))
      for (const name of ['dagger, schema', 'dagger, traced'] as const)
        note(found.backlogs, backlog, await measureThroughput([name], behind(backlog)));
    const memory = new Map<BusName, Memory | Skipped>();
    for (const name of busNames) {
      progress(`pubsub: memory, ${name}`);
      memory.set(name, await measureMemory(name, quick));
    }
    const of = (where: Found, name: BusName): PubSubRow['streams'] =>
      Object.fromEntries([...where].map(([size, results]) => [size, results.get(name)!]));
    const rows = busNames.map((name) => ({
      name,
      role: roleOf(name),
      streams: of(found.streams, name),
      backlogs: of(found.backlogs, name),
      memory: memory.get(name)!,
    }));
    const durable = await measureDurablePart(quick, progress);
    const nats = await measureNatsPart(quick, progress);
    const verdicts = [
      ...pubsubVerdicts({ rows, validation, backlogs: backlogsOf(quick) }),
      ...durable.verdicts,
      ...nats.verdicts,
    ];
    const document: PubSubReport = {
      suite: 'pubsub',
      quick,
      machine: thisMachine(),
      rows,
      validation,
      durable: durable.rows,
      nats: nats.rows,
      verdicts,
      // Who cannot do something is skipped in the cell of the table.
      skipped: [...durable.skipped, ...nats.skipped],
    };
    return {
      document,
      text: renderPubSub(document),
      missed: verdicts.some(({ met }) => met === false),
    };
  },
};
