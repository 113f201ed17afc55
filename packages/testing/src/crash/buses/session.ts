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
  const bus = await PubSubExecutor.open({ agents: scenario.agents(), transport });
  const there = new Set((await messagesIn(transport)).map(({ headers }) => headers[INPUT]));
  for (const [input, { channel, payload, key = null }] of scenario.inputs.entries()) {
    if (there.has(String(input))) continue;
    await bus.publish(channel, payload, { headers: { [INPUT]: String(input) }, key });
    note<BusEffect>(effects, { type: 'published', input });
  }
  await bus.idle();
  await bus.close();
  return account(bare);
};

const account = async (storage: Storage): Promise<BusesAccount> => {
  const transport = await StorageTransport.open({ storage });
  const messages = (await messagesIn(transport)).map(
    ({ id, channel, payload, causationId, headers }): SeenMessage => ({
      id,
      causationId,
      input: headers[INPUT] ?? null,
      what: `${channel} ${JSON.stringify(payload)}`,
    }),
  );
  const pending = await transport.pending();
  await transport.close();
  return { of: 'buses', messages, pending };
};

const messagesIn = async (
  transport: StorageTransport,
): Promise<readonly StoredMessage['message'][]> =>
  (await transport.messages({ limit: MOST })).map(({ message }) => message);
