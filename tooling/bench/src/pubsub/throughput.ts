import { measureInterleaved, type Patience, type Timed } from '../measure.ts';
import { attempt } from './attempt.ts';
import type { Bus, BusName, Setup } from './contender.ts';
import { isSkipped, type Skipped, type Speed } from './report.ts';
import { countReceipts, type Receipts } from './receipts.ts';

export interface Pass extends Omit<Setup, 'handle'> {
  /** Publications. */
  readonly messages: number;
}

export interface Measurement extends Pass {
  readonly patience: Patience;
}

export interface Runner {
  readonly timed: Timed<BusName>;
  readonly close: () => Promise<void>;
}

/** Publications per second of the contenders, medians of interleaved rounds. All of them stay open meanwhile. */
export const measureThroughput = async (
  names: readonly BusName[],
  measurement: Measurement,
): Promise<Map<BusName, Speed | Skipped>> => {
  const results = new Map<BusName, Speed | Skipped>();
  const runners: Runner[] = [];
  try {
    for (const name of names) {
      const runner = await openTimed(name, measurement);
      if (isSkipped(runner)) results.set(name, runner);
      else runners.push(runner);
    }
    const timings = await measureInterleaved(
      runners.map(({ timed }) => timed),
      measurement.patience,
    );
    const { messages } = measurement;
    for (const [name, { milliseconds, rounds }] of timings)
      results.set(name, {
        messagesPerSecond: (messages / milliseconds) * 1000,
        messages,
        rounds,
      });
  } finally {
    for (const runner of runners) await runner.close();
  }
  return results;
};

/** A bus, and one checked pass of it. */
export const openTimed = async (name: BusName, pass: Pass): Promise<Runner | Skipped> => {
  const { subscribers, capacity, backlog, messages } = pass;
  const receipts = countReceipts(subscribers);
  const bus = await attempt(name, { subscribers, capacity, backlog, handle: receipts.handle });
  if (isSkipped(bus)) {
    receipts.close();
    return bus;
  }
  let first = 0;
  const run = backlog === 0 ? stream : bursts(backlog);
  return {
    timed: {
      name,
      once: async () => {
        const began = performance.now();
        await run(bus, receipts, { first, messages });
        await bus.idle?.();
        const took = performance.now() - began;
        first += messages;
        receipts.check(name);
        return took;
      },
    },
    close: async () => {
      receipts.close();
      await bus.close();
    },
  };
};

interface Numbers {
  readonly first: number;
  readonly messages: number;
}

type Run = (bus: Bus, receipts: Receipts, numbers: Numbers) => Promise<void>;

const stream: Run = async (bus, receipts, { first, messages }) => {
  const all = receipts.until(first + messages);
  await Promise.all([bus.stream(first, messages), all]);
};

/** As many as are to wait, then none until all of them are handled. */
const bursts =
  (backlog: number): Run =>
  async (bus, receipts, { first, messages }) => {
    for (let at = first; at < first + messages; at += backlog) {
      const all = receipts.until(at + backlog);
      bus.burst(at, backlog);
      await all;
    }
  };
