import { deferred } from '../../deferred.ts';
import { measureInterleaved, type Patience, type Timed } from '../../measure.ts';
import type { HandleOrder } from '../durable/contender.ts';
import { countHandled } from '../durable/handled.ts';
import type { NatsContender, NatsName, NatsProgram } from './contender.ts';
import { checkAcknowledged, checkStored, withStream } from './place.ts';
import type { NatsSpeed } from './report.ts';

/** What is timed: all of it, or one half, which tells where a difference comes from. */
export type NatsMeasure = 'both' | 'publish' | 'read';
export const natsMeasures: readonly NatsMeasure[] = ['both', 'publish', 'read'];

export interface NatsMeasurement {
  readonly messages: number;
  readonly patience: Patience;
}

/** Messages that are not timed: of the first ones most is the compiler's time. */
const WARM_UP = 10_000;
/** Nobody's pass comes near this. */
const STALLED_MS = 60_000;

/** The messages of one pass. */
interface Receiver {
  readonly handle: HandleOrder;
  /** Resolves when each was handled. */
  readonly all: () => Promise<void>;
}

const receiver = (name: NatsName, messages: number): Receiver => {
  const { handle, check } = countHandled(messages);
  const done = deferred<void>();
  let left = messages;
  return {
    handle: (order) => {
      const handled = handle(order);
      left -= 1;
      if (left === 0) done.resolve();
      return handled;
    },
    all: async () => {
      const stalled = setTimeout(
        () => done.reject(new Error(`${name}: ${left} of ${messages} messages do not come`)),
        STALLED_MS,
      );
      await done.promise.finally(() => clearTimeout(stalled));
      check(name);
    },
  };
};

/** Messages per second of the contenders, medians of interleaved rounds, each in a stream of its own. */
export const measureNats = async (
  measure: NatsMeasure,
  contenders: readonly NatsContender[],
  { messages, patience }: NatsMeasurement,
): Promise<Map<NatsName, NatsSpeed>> => {
  const timings = await withAll(measure, contenders, messages, async (timed) => {
    for (const { once } of timed) for (let done = 0; done < WARM_UP; done += messages) await once();
    return measureInterleaved(timed, patience);
  });
  return new Map(
    [...timings].map(([name, { milliseconds, rounds }]) => [
      name,
      { messagesPerSecond: (messages / milliseconds) * 1000, messages, rounds },
    ]),
  );
};

/** All contenders stay open meanwhile. */
const withAll = async <T>(
  measure: NatsMeasure,
  [first, ...others]: readonly NatsContender[],
  messages: number,
  use: (timed: readonly Timed<NatsName>[]) => Promise<T>,
): Promise<T> =>
  first === undefined
    ? use([])
    : withTimed(measure, first, messages, (timed) =>
        withAll(measure, others, messages, (rest) => use([timed, ...rest])),
      );

/** A contender in a stream of its own, of which every message is acknowledged in the end. */
export const withTimed = <T>(
  measure: NatsMeasure,
  contender: NatsContender,
  messages: number,
  use: (timed: Timed<NatsName>) => Promise<T>,
): Promise<T> =>
  withStream(async (stream) => {
    const { name } = contender;
    let current = receiver(name, 0);
    const program = await contender.open(stream, (order) => current.handle(order));
    try {
      let published = 0;
      const once = async (): Promise<number> => {
        current = receiver(name, messages);
        published += messages;
        return passes[measure](program, current, messages);
      };
      const stop = measure === 'both' ? await program.read() : undefined;
      const result = await use({ name, once });
      await stop?.();
      await checkStored(name, stream, published);
      if (measure !== 'publish') await checkAcknowledged(name, stream);
      return result;
    } finally {
      await program.close();
    }
  });

type Pass = (program: NatsProgram, receiver: Receiver, messages: number) => Promise<number>;

/** Each gives its milliseconds. */
const passes: Readonly<Record<NatsMeasure, Pass>> = {
  async both(program, { all }, messages) {
    const began = performance.now();
    await Promise.all([program.publish(messages), all()]);
    await program.settled();
    return performance.now() - began;
  },

  async publish(program, _, messages) {
    const began = performance.now();
    await program.publish(messages);
    return performance.now() - began;
  },

  async read(program, { all }, messages) {
    await program.publish(messages);
    const began = performance.now();
    const stop = await program.read();
    await all();
    await program.settled();
    const took = performance.now() - began;
    await stop();
    return took;
  },
};
