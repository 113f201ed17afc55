// Renews the lease of a worker from a thread of its own, whatever holds up the event loop of the agents.
import { parentPort as parent, workerData } from 'node:worker_threads';
import { openStorage, systemClock } from '@dagger/core';
import { renew, type HeartbeatOrder } from './heartbeat.ts';

const { url, worker, lease, beat } = workerData as HeartbeatOrder;
const storage = await openStorage(url);

/** Until when the lease runs, or that it is lost. */
const say = (message: number | 'lost'): void => {
  // oxlint-disable-next-line require-post-message-target-origin -- a thread has no origin
  parent?.postMessage(message);
};

const pulse = async (): Promise<void> => {
  try {
    const until = systemClock.now() + lease;
    if (await renew(storage, worker, until)) {
      say(until);
    } else {
      say('lost');
      return;
    }
  } catch {
    // A database that is away for a while: the next beat tries again.
  }
  systemClock.after(beat, () => void pulse());
};

await pulse();
