import { SimulatedClock } from '../../testing/src/simulated-clock.ts';
import { expect, it } from 'vitest';
import {
  PubSubExecutor,
  type AnyPubSubAgent,
  type Message,
  type PubSubContext,
} from '../src/index.ts';
import { matches } from '../src/subject/subject.ts';

const SEEDS = 1_000;
const ATTEMPTS = 3;

interface Payload {
  readonly path: string;
  readonly left: number;
}

/** A whole number below `bound` that is always the same for the same words. */
const draw = (bound: number, ...words: readonly (string | number)[]): number => {
  const text = words.join('\u0000');
  let mixed = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % bound;
};

/** One for all, since making its stack takes longer than what is tested. */
const AS_PLANNED = new Error('as planned');

const CHANNELS = ['a', 'a.x', 'a.y', 'b', 'b.x', 'c'];
const PATTERNS = [...CHANNELS, 'a.*', 'b.>', '*', '>'];

interface Plan {
  readonly name: string;
  readonly subscriptions: readonly string[];
  readonly receiveOwn: boolean;
  readonly concurrency: number;
}

const plansOf = (seed: number): readonly Plan[] =>
  Array.from({ length: 1 + draw(6, seed, 'agents') }, (_, i) => ({
    name: `agent${i}`,
    subscriptions: [
      ...new Set([0, 1].map((n) => PATTERNS[draw(PATTERNS.length, seed, i, 'sub', n)] ?? 'a')),
    ],
    receiveOwn: draw(2, seed, i, 'own') === 0,
    concurrency: 1 + draw(4, seed, i, 'concurrency'),
  }));

/** What an agent publishes for a message, how often it fails before, and how long it takes. */
const deedOf = (
  seed: number,
  name: string,
  { path, left }: Payload,
): {
  readonly outputs: readonly (readonly [string, Payload])[];
  readonly failures: number;
  readonly ms: number;
} => {
  const here = [seed, name, path];
  const width = left === 0 ? 0 : draw(4, ...here, 'width');
  return {
    outputs: Array.from({ length: width }, (_, i) => [
      CHANNELS[draw(CHANNELS.length, ...here, 'channel', i)] ?? 'a',
      { path: `${path}/${name}.${i}`, left: left - 1 },
    ]),
    // One in eight fails for ever.
    failures: draw(4, ...here, 'fails') > 0 ? 0 : draw(2, ...here, 'ever') === 0 ? ATTEMPTS : 1,
    ms: draw(3, ...here, 'ms') * draw(1_000, ...here, 'long'),
  };
};

interface Count {
  messages: number;
  attempts: number;
  dead: number;
}

/** What has to happen, found without any bus. */
const foresee = (seed: number, plans: readonly Plan[]): Count => {
  const count: Count = { messages: 0, attempts: 0, dead: 0 };
  const publish = (channel: string, payload: Payload, source: string | null): void => {
    count.messages++;
    for (const { name, subscriptions, receiveOwn } of plans) {
      if (name === source && !receiveOwn) continue;
      if (!subscriptions.some((pattern) => matches(pattern, channel))) continue;
      const { outputs, failures } = deedOf(seed, name, payload);
      count.attempts += Math.min(failures + 1, ATTEMPTS);
      if (failures >= ATTEMPTS) {
        count.dead++;
        // A dead letter is a message too, and who subscribed to everything gets it.
        if (!channel.startsWith('dead.')) publish(`dead.${channel}`, payload, name);
      } else for (const [to, next] of outputs) publish(to, next, name);
    }
  };
  publish('a', { path: '', left: 3 }, null);
  return count;
};

const agentOf = (seed: number, { name, ...plan }: Plan, clock: SimulatedClock): AnyPubSubAgent => ({
  name,
  ...plan,
  retry: { attempts: ATTEMPTS, strategy: { type: 'linear', delay: 1 } },
  async processMessage(message: Message<never>, ctx: PubSubContext<never>) {
    const { outputs, failures, ms } = deedOf(seed, name, message.payload);
    if (ms > 0) await new Promise<void>((resolve) => void clock.after(ms, resolve));
    if (ctx.attempt <= failures) throw AS_PLANNED;
    for (const [channel, payload] of outputs) ctx.publish(channel, payload as never);
  },
});

it(`${SEEDS} random topologies with delays, failures and fan-out end by themselves, with the right count`, async () => {
  let messages = 0;
  let ended = 0;
  for (let seed = 1; ended < SEEDS; seed++) {
    const plans = plansOf(seed);
    const expected = foresee(seed, plans);
    // A few grow so large that the others would have to wait for them.
    if (expected.messages > 2_000) continue;
    const clock = new SimulatedClock();
    const bus = await PubSubExecutor.open({
      clock,
      agents: plans.map((plan) => ({ ...agentOf(seed, plan, clock), capacity: 10_000 })),
    });
    const report = await clock.advanceUntil(
      bus.execute({ channel: 'a', message: { path: '', left: 3 } }),
    );
    const { stopped, deadLetters, attemptCount, dropped } = report;
    expect({
      seed,
      stopped,
      dropped,
      deadLetters,
      attemptCount,
      messages: report.messages,
    }).toEqual({
      seed,
      stopped: null,
      dropped: 0,
      deadLetters: expected.dead,
      attemptCount: expected.attempts,
      messages: expected.messages,
    });
    // Nothing is left that could still do something.
    await bus.close();
    expect(clock.nextDue).toBeUndefined();
    messages += report.messages;
    ended++;
  }
  expect(messages).toBeGreaterThan(SEEDS);
}, 120_000);
