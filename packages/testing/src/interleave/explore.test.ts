import { describe, expect, it } from 'vitest';
import { explore } from './explore.ts';
import { Scheduler } from './scheduler.ts';

/** Two workers that each read a number and write it back raised by one. */
const raceOf =
  (results: number[]) =>
  async ({ scheduler }: { readonly scheduler: Scheduler }): Promise<void> => {
    let shared = 0;
    const work = async (name: string): Promise<void> => {
      await scheduler.step(`${name} reads`);
      const read = shared;
      await scheduler.step(`${name} writes`);
      shared = read + 1;
    };
    await Promise.all([work('x'), work('y')]);
    results.push(shared);
    if (shared !== 2) throw new Error('an update was lost');
  };

describe('a seeded scheduler', () => {
  it('lets one caller on at a time, in an order that its seed decides', async () => {
    const traceOf = async (seed: number): Promise<readonly string[]> => {
      const scheduler = new Scheduler({ seed });
      await scheduler.run(async () => {
        await Promise.all(['a', 'b', 'c', 'd'].map((name) => scheduler.step(name)));
      });
      return scheduler.trace;
    };
    expect(await traceOf(3)).toEqual(await traceOf(3));
    const orders = await Promise.all(Array.from({ length: 300 }, (_, i) => traceOf(i)));
    expect(new Set(orders.map(String)).size).toBe(24);
  });

  it('lets time pass only when nobody is parked, unless a timer is due within the time that it is told', async () => {
    const traceOf = async (seed: number, timersWithin: number): Promise<string> => {
      const scheduler = new Scheduler({ seed, timersWithin });
      await scheduler.run(async () => {
        await Promise.all([scheduler.clock.wait(250), scheduler.step('a')]);
      });
      return scheduler.trace.join(', ');
    };
    const seeds = Array.from({ length: 30 }, (_, i) => i);
    const idle = await Promise.all(seeds.map((seed) => traceOf(seed, 250)));
    const any = await Promise.all(seeds.map((seed) => traceOf(seed, 251)));
    expect([...new Set(idle)]).toEqual(['a, time +250']);
    expect([...new Set(any)].toSorted()).toEqual(['a, time +250', 'time +250, a']);
  });

  it('says so when nobody can go on, instead of waiting for ever', async () => {
    const stuck = new Scheduler({ seed: 1 }).run(() => new Promise(() => {}));
    await expect(stuck).rejects.toMatchObject({ code: 'TEST_DEADLOCK' });
  });

  it('parks nobody outside of its run, and lets those go on who are left at its end', async () => {
    const scheduler = new Scheduler({ seed: 1 });
    await scheduler.step('before');
    let left: Promise<void> | undefined;
    await scheduler.run(async () => {
      left = scheduler.step('left').then(() => scheduler.step('after'));
      return Promise.resolve();
    });
    await left;
    expect(scheduler.trace).toEqual([]);
  });
});

describe('exploring interleavings', () => {
  it('finds a race, and names the seed and the order in which it shows', async () => {
    const found = await explore({ seeds: 100 }, raceOf([])).catch((error: unknown) => error);
    const { code, message } = found as { readonly code: string; readonly message: string };
    expect(code).toBe('INTERLEAVING_FAILED');
    expect(message).toMatch(
      /^seed \d+: an update was lost\nthe order was:\n {2}[xy] reads\n {2}[xy] reads\n {2}[xy] writes\n {2}[xy] writes$/,
    );
    const seed = Number(/^seed (\d+)/.exec(message)?.[1]);
    const again = await explore({ seeds: [seed] }, raceOf([])).catch((error: unknown) => error);
    expect((again as Error).message).toBe(message);
  });

  it('counts the orders that it tried', async () => {
    const scenario = async ({ scheduler }: { readonly scheduler: Scheduler }): Promise<void> => {
      await Promise.all(['a', 'b', 'c'].map((name) => scheduler.step(name)));
    };
    expect(await explore({ seeds: 200 }, scenario)).toEqual({ seeds: 200, orders: 6 });
  });

  it('meets both ends of a race', async () => {
    const results: number[] = [];
    for (let seed = 1; seed <= 40; seed++)
      await explore({ seeds: [seed] }, raceOf(results)).catch(() => {});
    expect(new Set(results)).toEqual(new Set([1, 2]));
  });
});
