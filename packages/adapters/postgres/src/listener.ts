import { DaggerError, type Unsubscribe } from '@dagger/core';
import { Client, type ClientConfig } from 'pg';
import { unreachable } from './unreachable.ts';

/** Milliseconds before the first attempt to connect again: doubled each time, up to the second number. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;

export interface Listener {
  /** Resolves when the server listens. @throws DaggerError STORAGE_FAILED */
  listen(channel: string, wake: () => void): Promise<Unsubscribe>;
  close(): Promise<void>;
}

/**
 * LISTEN on a connection of its own, made at the first use. When the connection breaks it is made again, and then
 * everybody is woken once: what was notified meanwhile is lost.
 */
export const makeListener = (config: ClientConfig, location: string): Listener => {
  const wakes = new Map<string, Set<() => void>>();
  let client: Client | undefined;
  let connecting: Promise<Client> | undefined;
  let pause: NodeJS.Timeout | undefined;
  let closed = false;
  /** The end of the last statement: a connection takes one at a time. */
  let last: Promise<unknown> = Promise.resolve();

  const run = async (on: Client, statement: string): Promise<void> => {
    const own = last.then(async () => on.query(statement));
    last = own.catch(() => {});
    await own;
  };

  const connect = async (): Promise<Client> => {
    const made = new Client(config);
    let ended = false;
    made.on('notification', ({ channel }) => {
      for (const wake of wakes.get(channel) ?? []) wake();
    });
    // The end follows an error; without a listener the process would die of it.
    made.on('error', () => {});
    made.on('end', () => {
      ended = true;
      if (client !== made) return;
      client = undefined;
      connectAgain(FIRST_PAUSE);
    });
    try {
      await made.connect();
      for (const channel of wakes.keys()) await run(made, `listen ${channel}`);
      if (ended) throw new Error('the connection ended');
    } catch (error) {
      made.end().catch(() => {});
      throw error;
    }
    client = made;
    return made;
  };

  const connection = async (): Promise<Client> => {
    if (client !== undefined) return client;
    connecting ??= connect().finally(() => (connecting = undefined));
    return connecting;
  };

  const connectAgain = (wait: number): void => {
    if (closed || wakes.size === 0) return;
    pause = setTimeout(() => {
      connection().then(
        () => {
          for (const each of wakes.values()) for (const wake of each) wake();
        },
        () => connectAgain(Math.min(LONGEST_PAUSE, wait * 2)),
      );
    }, wait);
    pause.unref();
  };

  return {
    async listen(channel, wake) {
      if (closed) throw new DaggerError('STORAGE_FAILED', `the storage at ${location} was closed`);
      // One function may be given for several subscriptions.
      const own = (): void => wake();
      const others = wakes.get(channel) ?? new Set();
      wakes.set(channel, others.add(own));
      const forget = (): boolean => {
        others.delete(own);
        return others.size === 0 && wakes.get(channel) === others && wakes.delete(channel);
      };
      try {
        await run(await connection(), `listen ${channel}`);
      } catch (cause) {
        forget();
        throw unreachable(location, cause);
      }
      return async () => {
        // A connection that breaks listens to nothing either.
        if (forget() && client !== undefined)
          await run(client, `unlisten ${channel}`).catch(() => {});
      };
    },
    async close() {
      closed = true;
      clearTimeout(pause);
      const open = client ?? (await connecting?.catch(() => undefined));
      client = undefined;
      await open?.end();
    },
  };
};
