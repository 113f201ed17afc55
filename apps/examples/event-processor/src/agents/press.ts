import { dedupe, definePubSubAgent, throttle, type AnyPubSubAgent } from '@dagger/pubsub';
import { Alert, Bulletin } from '../schemas.ts';

/** Writes a bulletin about each alert. The channel of bulletins has a review: a person sees them before the press does. */
export const editor: AnyPubSubAgent = definePubSubAgent({
  name: 'editor',
  description: 'writes a bulletin about each alert',
  subscriptions: ['alert.*'],
  publications: ['bulletin'],
  input: Alert,
  output: Bulletin,
  processMessage: ({ id, payload }, ctx) => ctx.publish('bulletin', { ...payload, alertId: id }),
});

/** Sends what a person let through, not all at once, and not twice about the same subject. */
export const press = (perSecond: number): AnyPubSubAgent =>
  definePubSubAgent({
    name: 'press',
    description: 'sends the bulletins',
    subscriptions: ['bulletin'],
    publications: ['sent'],
    input: Bulletin,
    output: Bulletin,
    middleware: [
      // It remembers in this process only: after a crash a bulletin may go out once more.
      dedupe({ key: ({ payload }) => (payload as Bulletin).subject }),
      throttle({ messages: perSecond, perSeconds: 1 }),
    ],
    processMessage: ({ payload }, ctx) => ctx.publish('sent', payload),
  });
