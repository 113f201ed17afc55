import { describe, expect, it, onTestFinished } from 'vitest';
import type { NatsContender, NatsProgram } from './contender.ts';
import { natsMeasures, withTimed, type NatsMeasure } from './measure.ts';
import { natsIsMissing } from './place.ts';
import { renderNats } from './render.ts';
import type { NatsRow } from './report.ts';
import { natsContenders } from './suite.ts';
import { natsVerdicts } from './verdicts.ts';

const MESSAGES = 300;
const missing = await natsIsMissing();

const twoPasses = (measure: NatsMeasure, contender: NatsContender): Promise<number> =>
  withTimed(measure, contender, MESSAGES, async ({ once }) => (await once()) + (await once()));

describe.skipIf(missing !== undefined)(`beside NATS (${missing ?? 'it answers'})`, () => {
  for (const contender of natsContenders)
    it.each(natsMeasures)(`${contender.name} does all of what is timed: %s`, async (measure) => {
      expect(await twoPasses(measure, contender)).toBeGreaterThan(0);
    });

  const [dagger] = natsContenders;

  /** dagger, with something else done instead of what its program does. */
  const instead = (change: (program: NatsProgram) => Partial<NatsProgram>): NatsContender => ({
    name: 'dagger',
    open: async (stream, handle) => {
      const program = await dagger!.open(stream, handle);
      onTestFinished(async () => void (await program.close()));
      return { ...program, ...change(program) };
    },
  });

  it('who publishes too few is told', async () => {
    const few = instead(({ publish }) => ({ publish: (messages) => publish(messages - 1) }));
    await expect(twoPasses('publish', few)).rejects.toThrow('598 messages stored instead of 600');
  });

  it('who handles a message twice is told', async () => {
    const twice: NatsContender = {
      name: 'dagger',
      open: (stream, handle) =>
        dagger!.open(stream, async (order) => {
          await handle(order);
          if (order.n === 0) await handle(order);
        }),
    };
    await expect(twoPasses('both', twice)).rejects.toThrow('its numbers would mean nothing');
  });
});

const speed = (messagesPerSecond: number): NatsRow['speeds']['both'] => ({
  messagesPerSecond,
  messages: 10_000,
  rounds: 9,
});

const rows: readonly NatsRow[] = [
  { name: 'dagger', speeds: { both: speed(900), publish: speed(2_000), read: speed(1_500) } },
  {
    name: 'bare client',
    speeds: { both: speed(1_000), publish: speed(1_900), read: speed(4_000) },
  },
];

it('the verdict compares all of the work', () => {
  expect(natsVerdicts(rows)).toMatchObject([
    { name: 'nats: dagger / bare client', value: 0.9, met: true },
  ]);
  expect(natsVerdicts([])).toMatchObject([{ value: null, met: null }]);
});

it('the table has a row for each, and is not there without a server', () => {
  expect(renderNats(rows).join('\n')).toMatch(/dagger +900 +2,000 +1,500\nbare client +1,000/);
  expect(renderNats([])).toEqual([]);
});
