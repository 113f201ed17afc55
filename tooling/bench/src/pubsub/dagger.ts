import { jsonSchema, type InputSchema } from '@dagger/core';
import { definePubSubAgent, PubSubExecutor } from '@dagger/pubsub';
import { payloadOf, type BusContender, type BusName, type Payload } from './contender.ts';

const schema = jsonSchema<Payload>({
  type: 'object',
  properties: {
    n: { type: 'integer', minimum: 0 },
    kind: { type: 'string', minLength: 1 },
    paid: { type: 'boolean' },
  },
  required: ['n', 'kind', 'paid'],
  additionalProperties: false,
});

interface Variant {
  readonly input?: InputSchema<Payload>;
  /** Undefined is what users get who say nothing. */
  readonly trace?: false;
}

/** An agent for each subscriber. */
const variant = (name: BusName, { input, trace }: Variant): BusContender => ({
  name,

  async open({ subscribers, capacity, handle }) {
    const agents = Array.from({ length: subscribers }, (_, subscriber) =>
      definePubSubAgent<Payload>({
        name: `subscriber-${subscriber}`,
        subscriptions: ['work'],
        input,
        capacity,
        concurrency: 1,
        processMessage: ({ payload }) => handle(subscriber, payload),
      }),
    );
    const bus = await PubSubExecutor.open({ agents, trace });
    return {
      stream: async (first, messages) => {
        for (let n = first; n < first + messages; n += 1) await bus.publish('work', payloadOf(n));
      },
      // There is room for all of them, so each is on its way before the call returns; one that fails ends the process.
      burst: (first, messages) => {
        for (let n = first; n < first + messages; n += 1) void bus.publish('work', payloadOf(n));
      },
      idle: () => bus.idle(),
      close: () => bus.close(),
    };
  },
});

export const dagger: BusContender = variant('dagger', { trace: false });
export const daggerWithSchema: BusContender = variant('dagger, schema', {
  trace: false,
  input: schema,
});
export const daggerTraced: BusContender = variant('dagger, traced', {});
