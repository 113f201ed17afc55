import type { PubSubContext } from '../agent/context.ts';
import type { Message } from '../message/message.ts';

/** Handles one message. What it throws fails the attempt. */
export type Handler = (message: Message, ctx: PubSubContext) => unknown;

/** Makes a handler of another one. It is called once for each agent, not for each message. */
export type Middleware = (next: Handler, agent: { readonly name: string }) => Handler;

/** The first is the outermost. */
export const compose = (
  middleware: readonly Middleware[],
  handler: Handler,
  agent: { readonly name: string },
): Handler => middleware.reduceRight<Handler>((next, around) => around(next, agent), handler);
