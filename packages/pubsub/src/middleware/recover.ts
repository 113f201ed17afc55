import type { PubSubContext } from '../agent/context.ts';
import type { Message } from '../message/message.ts';
import { checkOptions, rules } from './check.ts';
import type { Middleware } from './middleware.ts';

/** Is given whatever was thrown, and the message and context of the attempt. */
export type Recovery = (error: unknown, message: Message, ctx: PubSubContext) => unknown;

/**
 * Gives an error from inside to a function. When that returns, the attempt has ended well: what it published goes out, also what
 * the handler published before it failed. Whatever the function throws fails the attempt, so `throw error` hands on what it
 * does not know.
 * @throws DaggerError CONFIG_INVALID when it is no function
 */
export const recover = (handler: Recovery): Middleware => {
  checkOptions('recover', { handler }, { handler: rules.callable });
  return (next) => async (message, ctx) => {
    try {
      return await next(message, ctx);
    } catch (error) {
      return await handler(error, message, ctx);
    }
  };
};
