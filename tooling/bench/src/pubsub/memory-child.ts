import { deferred } from '../deferred.ts';
import { collectGarbage } from '../garbage.ts';
import { attempt } from './attempt.ts';
import { busNames } from './contenders.ts';
import { isSkipped, type Memory, type Skipped } from './report.ts';

/** Run by memory.ts in a process of its own: `memory-child.ts <contender> <messages>`, one JSON line on stdout. */
const [asked, size] = process.argv.slice(2);
const name = busNames.find((candidate) => candidate === asked);
const messages = Number(size);
if (!name || !(messages > 0))
  throw new Error(`memory-child.ts <contender> <messages>, not: ${asked} ${size}`);

const WARM_UP = 100;

const measure = async (): Promise<Memory | Skipped> => {
  const [warm, held, all] = [deferred<void>(), deferred<void>(), deferred<void>()];
  let handled = 0;
  const bus = await attempt(name, {
    subscribers: 1,
    capacity: messages,
    backlog: messages,
    handle: async () => {
      handled += 1;
      if (handled === WARM_UP) warm.resolve();
      if (handled > WARM_UP) await held.promise;
      if (handled === WARM_UP + messages) all.resolve();
    },
  });
  if (isSkipped(bus)) return bus;
  bus.burst(0, WARM_UP);
  await warm.promise;
  await bus.idle?.();
  collectGarbage();
  const open = process.memoryUsage().heapUsed;
  bus.burst(WARM_UP, messages);
  // Whatever is done with a message before its handler, it is done by then.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  const full = process.memoryUsage().heapUsed;
  held.resolve();
  await all.promise;
  await bus.close();
  return { openBytes: open, bytesPerMessage: (full - open) / messages, messages };
};

process.stdout.write(`${JSON.stringify(await measure())}\n`);
