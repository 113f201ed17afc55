import { SimulatedClock } from '../../testing/src/simulated-clock.ts';
import { onTestFinished } from 'vitest';
import { PubSubExecutor, type AnyPubSubAgent, type PubSubOptions } from '../src/index.ts';

/** A bus on a simulated clock, closed when the test is over. */
export const openBus = async (
  agents: readonly AnyPubSubAgent[],
  options: PubSubOptions = {},
): Promise<{ readonly bus: PubSubExecutor; readonly clock: SimulatedClock }> => {
  const clock = new SimulatedClock();
  const bus = await PubSubExecutor.open({ agents, clock, ...options });
  onTestFinished(() => bus.close({ drainSeconds: 0 }));
  return { bus, clock };
};

/** What may happen at once happens. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
