import { DaggerError } from '@dagger/core';
import type { Hold, PubSubExecutor } from '@dagger/pubsub';
import { oneLine } from '../escape.ts';
import { findHold, notWaiting } from './find-hold.ts';
import { openMessages, type OpenMessages } from './open-messages.ts';

/** Milliseconds after which it is told that there is no room for a message yet. */
const PATIENCE = 2_000;

/** What was asked for, on the channels where it is. */
interface Decision<T> {
  readonly storage: string | undefined;
  readonly id: string;
  readonly decide: (bus: PubSubExecutor, hold: Hold, open: OpenMessages) => Promise<T>;
}

/**
 * Has a bus without agents decide on a message: it knows how to make dead letters, and what causes what.
 * @throws DaggerError REVIEW_UNKNOWN, CHANNEL_FULL, NOT_JSON
 */
export const decideOn = async <T>({ storage, id, decide }: Decision<T>): Promise<T> => {
  await using open = await openMessages(storage);
  const hold = await findHold(open, id);
  const bus = await open.pubsub.PubSubExecutor.open({ transport: open.channels });
  const waiting = setTimeout(
    () =>
      console.error(
        `there is no room for it on ${oneLine(hold.message.channel, 80)} yet; Ctrl-C gives up, and it goes on waiting for a person`,
      ),
    PATIENCE,
  );
  try {
    return await decide(bus, hold, open);
  } catch (error) {
    const isEnded = error instanceof DaggerError && error.code === 'REVIEW_UNKNOWN';
    // Somebody else came first.
    throw isEnded ? await notWaiting(open, id) : error;
  } finally {
    clearTimeout(waiting);
    // What others have to handle is not waited for.
    await bus.close({ drainSeconds: 0 });
  }
};
