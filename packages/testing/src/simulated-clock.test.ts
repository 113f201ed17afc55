import { ActionRegistry, DagExecutor } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from './simulated-clock.ts';

describe('a simulated clock', () => {
  it('stands still until it is advanced, and fires what comes due in order, each at its time', async () => {
    const clock = new SimulatedClock(1_000);
    const fired: string[] = [];
    const note = (name: string) => () => void fired.push(`${name} at ${clock.now()}`);
    clock.after(20, note('b'));
    clock.after(10, note('a'));
    clock.after(20, note('c'));
    const cancel = clock.after(15, note('never'));
    cancel();
    clock.after(31, note('late'));
    await clock.settle();
    expect(fired).toEqual([]);
    await clock.advance(30);
    expect(fired).toEqual(['a at 1010', 'b at 1020', 'c at 1020']);
    expect([clock.now(), clock.elapsed, clock.nextDue]).toEqual([1_030, 30, 1_031]);
  });

  it('fires a timer that another sets on the way', async () => {
    const clock = new SimulatedClock();
    const fired: number[] = [];
    clock.after(10, () => clock.after(10, () => fired.push(clock.elapsed)));
    await clock.advance(20);
    expect(fired).toEqual([20]);
  });

  it('jumps from timer to timer until work is done: the example of its documentation', async () => {
    const clock = new SimulatedClock();
    const registry = new ActionRegistry([
      {
        name: 'patient',
        retry: { attempts: 3, strategy: { type: 'linear', delay: 3_600 } },
        execute: ({ attempt }) => {
          if (attempt < 3) throw new Error('not yet');
          return { attempt };
        },
      },
    ]);
    const config = { retryJitter: false, timeoutSeconds: 86_400 };
    const executor = await DagExecutor.open({ registry, clock, config });
    executor.add({ name: 'patient', nodes: [{ id: 'a', action: 'patient' }] });
    const report = await clock.advanceUntil(executor.run('patient'));
    expect(report.nodes['a']).toMatchObject({ status: 'succeeded', attempts: 3 });

    expect(clock.elapsed).toBe(7_200_000);
  });

  it('says so when the work waits for something that is not time, and passes on what the work throws', async () => {
    const clock = new SimulatedClock();
    await expect(clock.advanceUntil(new Promise(() => {}))).rejects.toMatchObject({
      code: 'TEST_DEADLOCK',
    });
    const failing = clock.wait(5).then(() => Promise.reject(new Error('after all')));
    await expect(clock.advanceUntil(failing)).rejects.toThrow('after all');
  });
});
