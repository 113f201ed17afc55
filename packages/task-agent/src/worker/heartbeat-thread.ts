// Renews the lease of a worker from a thread of its own, whatever holds up the event loop of the agents.
import { parentPort as parent, workerData } from 'node:worker_threads';
import { openStorage, systemClock } from '@dagger/core';
import { renew, type HeartbeatOrder } from './heartbeat.ts';

const { url, worker, lease, beat } = workerData as HeartbeatOrder;
const storage = await openStorage(url);

const say = (message: 'alive' | 'lost'): void => {
  // oxlint-disable-next-line require-post-message-target-origin -- a thread has no origin
  parent?.postMessage(message);
};

const pulse = async (): Promise<void> => {
  try {
    if (await renew(storage, worker, systemClock.now() + lease)) {
      say('alive');
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
