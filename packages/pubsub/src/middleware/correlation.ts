import { withContext } from './around.ts';
import { checkOptions, optional, rules } from './check.ts';
import type { Middleware } from './middleware.ts';

export interface CorrelationOptions {
  /** Default `correlation-id`. */
  readonly header?: string | undefined;
}

/**
 * Copies a header from the message that is being handled to those that its handler publishes, unless they have one. It carries an
 * id from outside through the whole tree; the messages of a tree know each other without it, by `correlationId`.
 * @throws DaggerError CONFIG_INVALID naming the option and its value
 */
export const correlation = (options: CorrelationOptions = {}): Middleware => {
  checkOptions('correlation', options, { header: optional(rules.text) });
  const { header = 'correlation-id' } = options;
  return (next) => (message, ctx) => {
    if (!Object.hasOwn(message.headers, header)) return next(message, ctx);
    const own = { [header]: message.headers[header] as string };
    return next(
      message,
      withContext(ctx, {
        publish: (channel, payload, how) =>
          ctx.publish(channel, payload, { ...how, headers: { ...own, ...how?.headers } }),
      }),
    );
  };
};
