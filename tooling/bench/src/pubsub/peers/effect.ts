import * as Effect from 'effect/Effect';
import * as Exit from 'effect/Exit';
import * as Fiber from 'effect/Fiber';
import * as PubSub from 'effect/PubSub';
import * as Scope from 'effect/Scope';
import { payloadOf, type BusContender, type BusName, type Payload } from '../contender.ts';

type Work = (payload: Payload) => Effect.Effect<void>;
type Consume = (subscription: PubSub.Subscription<Payload>, work: Work) => Effect.Effect<never>;

const oneByOne: Consume = (subscription, work) =>
  Effect.forever(Effect.flatMap(PubSub.take(subscription), work), { disableYield: true });

/** Takes whatever waits at once, and handles it one by one: quicker, and what it has taken no longer counts as waiting. */
const inBatches: Consume = (subscription, work) =>
  Effect.forever(
    Effect.flatMap(PubSub.takeAll(subscription), (payloads) =>
      Effect.forEach(payloads, work, { discard: true }),
    ),
    { disableYield: true },
  );

/** A bounded PubSub, and a fiber for each subscriber. */
const bounded = (name: BusName, consume: Consume): BusContender => ({
  name,

  async open({ subscribers, capacity, handle }) {
    const pubsub = await Effect.runPromise(PubSub.bounded<Payload>(capacity));
    const scope = await Effect.runPromise(Scope.make());
    const fibers: Fiber.Fiber<never>[] = [];
    for (let subscriber = 0; subscriber < subscribers; subscriber += 1) {
      const subscription = await Effect.runPromise(
        PubSub.subscribe(pubsub).pipe(Scope.provide(scope)),
      );
      const work: Work = (payload) => Effect.promise(() => handle(subscriber, payload));
      fibers.push(Effect.runFork(consume(subscription, work)));
    }
    return {
      stream: (first, messages) =>
        Effect.runPromise(
          Effect.gen(function* () {
            for (let n = first; n < first + messages; n += 1)
              yield* PubSub.publish(pubsub, payloadOf(n));
          }),
        ),
      burst: (first, messages) => {
        for (let n = first; n < first + messages; n += 1)
          if (!PubSub.publishUnsafe(pubsub, payloadOf(n)))
            throw new Error(`${name}: there was no room`);
      },
      close: async () => {
        await Effect.runPromise(Fiber.interruptAll(fibers));
        await Effect.runPromise(Scope.close(scope, Exit.void));
      },
    };
  },
});

export const effect: BusContender = bounded('effect', oneByOne);
export const effectTakeAll: BusContender = bounded('effect, takeAll', inBatches);
