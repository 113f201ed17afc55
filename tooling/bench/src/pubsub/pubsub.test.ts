import { describe, expect, it } from 'vitest';
import type { BusName } from './contender.ts';
import { busNames, roleOf } from './contenders.ts';
import { countReceipts } from './receipts.ts';
import { renderPubSub } from './render.ts';
import {
  isSkipped,
  type PubSubReport,
  type PubSubRow,
  type Skipped,
  type Speed,
} from './report.ts';
import { openTimed, type Pass } from './throughput.ts';
import { pubsubVerdicts } from './verdicts.ts';

/** Two passes of a bus, each checked; `done`, or why it cannot. */
const tried = async (name: BusName, pass: Pass): Promise<string> => {
  const runner = await openTimed(name, pass);
  if (isSkipped(runner)) return runner.skipped;
  await runner.timed.once();
  await runner.timed.once();
  await runner.close();
  return 'done';
};

describe.each(busNames)('%s', (name) => {
  it('brings each message to each subscriber once, in order, also when its publisher has to wait', async () => {
    const pass = { subscribers: 3, capacity: 4, backlog: 0, messages: 50 };
    expect(await tried(name, pass)).toBe('done');
  });

  it('lets messages wait, or says why it does not', async () => {
    const pass = { subscribers: 1, capacity: 100, backlog: 100, messages: 200 };
    expect(await tried(name, pass)).toMatch(
      name.startsWith('moleculer') ? /^moleculer: no message waits/ : /^done$/,
    );
  });
});

describe('the receipts of a run', () => {
  const taken = async (numbers: readonly number[]): Promise<() => void> => {
    const receipts = countReceipts(1);
    void receipts.until(3);
    for (const n of numbers) await receipts.handle(0, { n, kind: 'order', paid: true });
    receipts.close();
    return () => receipts.check('bus');
  };

  it('are one for each message, in order', async () => {
    expect(await taken([0, 1, 2])).not.toThrow();
  });

  it.each([
    [[0, 2, 1], '3 deliveries instead of 3, 2 out of order'],
    [[0, 1], '2 deliveries instead of 3, 0 out of order'],
    [[0, 1, 1, 2], '4 deliveries instead of 3, 1 out of order'],
  ])('are refused otherwise: %j', async (numbers, reason) => {
    expect(await taken(numbers)).toThrow(reason);
  });
});

const speed = (messagesPerSecond: number): Speed => ({ messagesPerSecond, messages: 1, rounds: 1 });
const skipped: Skipped = { skipped: 'peer: it cannot' };

const row = (name: BusName, one: number, backlogs: PubSubRow['backlogs'] = {}): PubSubRow => ({
  name,
  role: roleOf(name),
  streams: { 1: speed(one), 10: skipped },
  backlogs,
  memory: skipped,
});

const rows = [
  row('dagger', 300, { 1: speed(100), 1_000: speed(200), 20_000: speed(150) }),
  row('dagger, schema', 240),
  row('ring buffer', 900, { 1_000: speed(800), 20_000: speed(200) }),
  row('effect', 100),
  row('effect, takeAll', 400),
  row('moleculer, emit', 150),
];

const measured = {
  rows,
  validation: { 1: { plain: speed(300), checked: speed(240) } },
  backlogs: [1, 1_000, 20_000],
};

it('the verdicts compare dagger with the best variant of each peer', () => {
  const verdicts = pubsubVerdicts(measured);
  const of = (name: string): unknown => verdicts.find((verdict) => verdict.name === name);
  expect(of('1 subscriber: dagger / effect')).toMatchObject({ value: 0.75, met: false });
  expect(of('1 subscriber: dagger / moleculer')).toMatchObject({ value: 2, met: true });
  const cost = of('1 subscriber: share that validation costs') as { readonly value: number };
  expect(cost.value).toBeCloseTo(0.2);
  expect(of('10 subscribers: dagger / effect')).toMatchObject({ value: null, met: null });
  expect(of('dagger: backlog of 1,000 / backlog of 1')).toMatchObject({ value: 2, met: true });
  expect(of('dagger: backlog of 20,000 / backlog of 1')).toMatchObject({ value: 1.5 });
  expect(of('20,000 / 1,000 that wait: what dagger keeps / what the ring keeps')).toMatchObject({
    value: 3,
    met: true,
  });
});

it('the tables say why something was not measured', () => {
  const text = renderPubSub({
    suite: 'pubsub',
    quick: true,
    machine: { node: 'v24', cpu: 'cpu', cores: 2, platform: 'linux x64' },
    rows,
    validation: measured.validation,
    durable: [],
    nats: [],
    verdicts: pubsubVerdicts(measured),
    skipped: [],
  } satisfies PubSubReport);
  expect(text).toContain('bench pubsub --quick');
  expect(text).toContain('backlog 20,000');
  expect(text).toContain('(1) peer: it cannot');
  expect(text).toMatch(/1 subscriber: dagger \/ effect +0\.750 +above 1 +missed/);
});
