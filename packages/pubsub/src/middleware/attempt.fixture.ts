import { silentLogger, type DaggerError, type JsonValue, type NodeLogger } from '@dagger/core';
import { nodeLogger } from '@dagger/core/kernel';
import type { OutgoingOptions, PubSubContext } from '../agent/context.ts';
import type { Message } from '../message/message.ts';
import type { Handler, Middleware } from './middleware.ts';

export interface Published {
  readonly channel: string;
  readonly payload: JsonValue;
  readonly options: OutgoingOptions | undefined;
}

/** Answers from private fields, as that of an executor may: a copy or a derived object of it would not answer at all. */
export class PrivateContext implements PubSubContext {
  readonly #controller: AbortController = new AbortController();
  readonly #published: Published[] = [];
  #tokens = 0;
  #listeners: ((done: boolean) => void)[] = [];
  readonly agent = 'writer';
  readonly attempt = 1;
  readonly appData: unknown = { tenant: 'acme' };
  readonly log: NodeLogger = nodeLogger(silentLogger, {});

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  publish(channel: string, payload: JsonValue, options?: OutgoingOptions): void {
    this.#published.push({ channel, payload, options });
  }

  useTokens(tokens: number): void {
    this.#tokens += tokens;
  }

  whenDone(listener: (done: boolean) => void): void {
    this.#listeners.push(listener);
  }

  waitFor<T>(work: Promise<T>): Promise<T> {
    return work;
  }

  /** The attempt has come to its end. */
  end(done: boolean): void {
    for (const listener of this.#listeners.splice(0)) listener(done);
  }

  get published(): readonly Published[] {
    return this.#published;
  }

  get tokens(): number {
    return this.#tokens;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }
}

export const message = (fields: Partial<Message> = {}): Message =>
  Object.freeze({
    id: 'm1',
    channel: 'work',
    source: null,
    time: 0,
    payload: null,
    headers: {},
    causationId: null,
    correlationId: 'm1',
    hops: 0,
    key: null,
    traceparent: null,
    ...fields,
  });

/** Handles a message by one attempt, with a context of its own unless one is given. */
export type Handle = (fields?: Partial<Message>, ctx?: PubSubContext) => Promise<unknown>;

/** The handler of an agent inside of the middleware. A context that is not given comes to its end as the handler does. */
export const around = (middleware: Middleware, handler: Handler, name = 'writer'): Handle => {
  const outer = middleware(handler, { name });
  return async (fields = {}, given) => {
    if (given !== undefined) return outer(message(fields), given);
    const ctx = new PrivateContext();
    try {
      const result = await outer(message(fields), ctx);
      ctx.end(true);
      return result;
    } catch (error) {
      ctx.end(false);
      throw error;
    }
  };
};

/** How a promise ended, or `waiting`. */
export const outcomes = (work: readonly Promise<unknown>[]): string[] => {
  const found = work.map(() => 'waiting');
  work.forEach((promise, i) => {
    promise.then(
      () => (found[i] = 'done'),
      (error: DaggerError) => (found[i] = error.code ?? error.message),
    );
  });
  return found;
};
