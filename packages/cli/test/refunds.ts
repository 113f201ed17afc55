import { openStorage, type JsonValue } from '@dagger/core';
import {
  definePubSubAgent,
  PubSubExecutor,
  StorageTransport,
  type AnyPubSubAgent,
} from '@dagger/pubsub';

/** A bus on which refunds wait for people, for a moment; claims ask for them. */
export interface Refunds {
  readonly bus: PubSubExecutor;
  /** What was paid. */
  readonly paid: JsonValue[];
  readonly close: () => Promise<void>;
}

/** Opens a bus with refunds; `more` is what the bank does beside being there. */
export const openRefunds = async (
  url: string,
  more: Partial<AnyPubSubAgent> = {},
): Promise<Refunds> => {
  const paid: JsonValue[] = [];
  const storage = await openStorage(url);
  const bus = await PubSubExecutor.open({
    transport: await StorageTransport.open({ storage }),
    channels: { refund: { review: {} }, urgent: { review: { wait: 0.001 } } },
    agents: [
      definePubSubAgent({
        name: 'claims',
        subscriptions: ['claim'],
        processMessage: ({ payload }, ctx) => ctx.publish('refund', payload),
      }),
      {
        name: 'bank',
        subscriptions: ['refund'],
        processMessage: ({ payload }) => void paid.push(payload),
        ...more,
      },
    ],
  });
  return {
    bus,
    paid,
    close: async () => {
      await bus.close({ drainSeconds: 0 });
      await storage.close();
    },
  };
};

/** Claims of whose refunds each waits for a person; nobody is there to pay. @returns the ids of what waits */
export const askForRefunds = async (
  url: string,
  claims: readonly JsonValue[],
): Promise<readonly string[]> => {
  const refunds = await openRefunds(url);
  const ids: string[] = [];
  for (const message of claims) {
    const { waiting } = await refunds.bus.execute({ channel: 'claim', message });
    ids.push(...waiting);
  }
  await refunds.close();
  return ids;
};

/** What is paid once the bank is there. */
export const payRefunds = async (url: string): Promise<readonly JsonValue[]> => {
  const { bus, paid, close } = await openRefunds(url);
  await bus.idle();
  await close();
  return paid;
};
