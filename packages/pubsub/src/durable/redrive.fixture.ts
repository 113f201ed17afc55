import type { JsonValue } from '@dagger/core';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import { PubSubExecutor } from '../executor/pubsub-executor.ts';
import type { PubSubOptions } from '../executor/options.ts';
import type { DeadLetter } from './dead-letters.ts';
import { openAt } from './storage.fixture.ts';
import type { StorageTransport } from './storage-transport.ts';

/** An agent that fails on what it does not like, and what it did with the rest. */
export class Picky {
  readonly handled: JsonValue[] = [];
  readonly tried: JsonValue[] = [];
  isContent = false;
  readonly agent: AnyPubSubAgent;

  constructor(name: string, more: Partial<AnyPubSubAgent> = {}) {
    this.agent = {
      name,
      subscriptions: ['orders.>'],
      retry: { attempts: 2, strategy: { type: 'immediate' } },
      processMessage: ({ payload }) => {
        this.tried.push(payload);
        if (!this.isContent) throw new Error(`${name} does not like ${String(payload)}`);
        this.handled.push(payload);
      },
      ...more,
    };
  }
}

/** Agents on a place, and the transport that carries their messages. */
export const openBus = async (
  url: string,
  agents: readonly AnyPubSubAgent[],
  options: Partial<PubSubOptions> = {},
): Promise<{ readonly bus: PubSubExecutor; readonly transport: StorageTransport }> => {
  const transport = await openAt(url);
  return { bus: await PubSubExecutor.open({ ...options, agents, transport }), transport };
};

export const letterIds = (letters: readonly DeadLetter[]): readonly string[] =>
  letters.map(({ letter }) => letter.id);
