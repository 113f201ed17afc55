import { PubSubExecutor, StorageTransport, type StoredMessage } from '@dagger/pubsub';
import type { Storage } from '@dagger/core';
import { note } from '../side-effects.ts';
import type { World } from '../world.ts';
import type { BusesAccount, SeenMessage } from './check.ts';
import type { BusEffect } from './effects.ts';
import type { BusCrashScenario } from './scenario.ts';

/** The header of an input, with its place in the list. */
const INPUT = 'input';
/** Looking for what nobody told of is done by time; the sooner the better here. */
const POLL = 20;
const MOST = 100_000;

/** Publishes what is not there yet, and waits until nothing is left to be done. */
export const playBus = async (
  scenario: BusCrashScenario,
  { bare, storage, effects }: World,
): Promise<BusesAccount> => {
  const transport = await StorageTransport.open({ storage, pollMs: POLL });
  const { channels } = scenario;
  const bus = await PubSubExecutor.open({ agents: scenario.agents(), channels, transport });
  const held = (await transport.holds.list()).map(({ message }) => message);
  const stored = await messagesIn(transport);
  const there = new Set([...stored, ...held].map(({ headers }) => headers[INPUT]));
  for (const [input, { channel, payload, key = null }] of scenario.inputs.entries()) {
    if (there.has(String(input))) continue;
    await bus.publish(channel, payload, { headers: { [INPUT]: String(input) }, key });
    note<BusEffect>(effects, { type: 'published', input });
  }
  await decideAll(bus, scenario);
  await bus.close();
  return account(bare);
};

/** What is let through may have others wait. */
const decideAll = async (bus: PubSubExecutor, scenario: BusCrashScenario): Promise<void> => {
  for (;;) {
    await bus.idle();
    const waiting = await bus.reviews();
    if (waiting.length === 0) return;
    for (const { message } of waiting) {
      const reason = scenario.review?.(message) ?? null;
      if (reason === null) await bus.approve(message.id);
      else await bus.reject(message.id, reason);
    }
  }
};

const account = async (storage: Storage): Promise<BusesAccount> => {
  const transport = await StorageTransport.open({ storage });
  const stored = await messagesIn(transport);
  const messages = stored.map(({ id, channel, payload, causationId, headers }): SeenMessage => ({
    id,
    causationId,
    input: headers[INPUT] ?? null,
    what: `${channel} ${JSON.stringify(payload)}`,
  }));
  const pending = (await transport.pending()) + (await transport.holds.list()).length;
  const traced = new Set<string>();
  for (const tree of new Set(stored.map(({ correlationId }) => correlationId)))
    for (const { message } of await transport.trace(tree)) traced.add(message.id);
  await transport.close();
  return { of: 'buses', messages, traced: [...traced], pending };
};

const messagesIn = async (
  transport: StorageTransport,
): Promise<readonly StoredMessage['message'][]> =>
  (await transport.messages({ limit: MOST })).map(({ message }) => message);
