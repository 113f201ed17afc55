import { NonRetryableError } from '@dagger/core';

/** An error on its way out of a thread: what structured clone would lose of it is kept as data. */
export interface ThreadError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  /** The messages of the causes, outermost first. */
  readonly causes: readonly string[];
  readonly retryable: boolean;
}

/** The error again, on this side; its causes are errors of their messages. */
export const revive = ({ name, message, stack, code, causes, retryable }: ThreadError): Error => {
  let cause: Error | undefined;
  for (const text of causes.toReversed())
    cause = new Error(text, cause === undefined ? undefined : { cause });
  const because = cause === undefined ? {} : { cause };
  if (!retryable)
    return new NonRetryableError(message, { ...because, ...(code === undefined ? {} : { code }) });
  const error = new Error(message, because);
  const own = { name, ...(stack === undefined ? {} : { stack }) };
  return Object.assign(error, own, code === undefined ? {} : { code });
};
