import { DaggerError } from '@dagger/core';
import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import { describe, expect, it } from 'vitest';
import { around, outcomes, PrivateContext } from './attempt.fixture.ts';
import { circuitBreaker } from './circuit-breaker.ts';

const setup = (failures = 2, resetSeconds = 10) => {
  const clock = new SimulatedClock();
  const calls: { readonly id: string; readonly succeed: () => void; readonly fail: () => void }[] =
    [];
  const middleware = circuitBreaker({ failures, resetSeconds, clock });
  const agent = (name: string) =>
    around(
      middleware,
      ({ id }) =>
        new Promise<void>((resolve, reject) => {
          calls.push({ id, succeed: resolve, fail: () => reject(new Error('down')) });
        }),
      name,
    );
  const handle = agent('a');
  /** One attempt to its end; what it failed with, `done` when it did not. */
  const attempt = async (how: 'succeed' | 'fail', one = handle): Promise<string | undefined> => {
    const before = calls.length;
    const found = outcomes([one()]);
    await clock.settle();
    calls.slice(before).forEach((call) => call[how]());
    await clock.settle();
    return found[0];
  };
  const open = async (): Promise<void> => {
    for (let i = 0; i < failures; i++) await attempt('fail');
  };
  return { clock, calls, agent, handle, attempt, open };
};

describe('a closed circuit', () => {
  it('opens after so many failures in a row', async () => {
    const { calls, attempt } = setup(3);
    expect(await attempt('fail')).toBe('down');
    expect(await attempt('fail')).toBe('down');
    expect(await attempt('fail')).toBe('down');
    expect(await attempt('fail')).toBe('CIRCUIT_OPEN');
    expect(calls).toHaveLength(3);
  });

  it('stays closed when one among them ends well', async () => {
    const { attempt } = setup(2);
    for (let i = 0; i < 5; i++) {
      expect(await attempt('fail')).toBe('down');
      expect(await attempt('succeed')).toBe('done');
    }
  });

  it('is one for each agent', async () => {
    const { agent, attempt, open } = setup();
    await open();
    expect(await attempt('succeed')).toBe('CIRCUIT_OPEN');
    expect(await attempt('succeed', agent('b'))).toBe('done');
  });

  it('counts an error that is thrown at once', async () => {
    const middleware = circuitBreaker({
      failures: 1,
      resetSeconds: 1,
      clock: new SimulatedClock(),
    });
    const handle = around(middleware, () => {
      throw new Error('at once');
    });
    await expect(handle()).rejects.toThrow('at once');
    await expect(handle()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
  });
});

describe('an open circuit', () => {
  it('fails each attempt at once, with an error that says why and until when', async () => {
    const { clock, handle, open } = setup(2, 10);
    await open();
    await clock.advance(4_000);
    await expect(handle()).rejects.toMatchObject({
      code: 'CIRCUIT_OPEN',
      message: "agent 'a': 2 attempts failed in a row; the next is made in 6 s",
      ids: { agent: 'a' },
      recoverable: true,
      cause: { message: 'down' },
    });
  });

  it('lets one attempt through when its time is over', async () => {
    const { clock, calls, handle, open } = setup();
    await open();
    await clock.advance(9_999);
    const found = outcomes([handle()]);
    await clock.advance(1);
    expect(found).toEqual(['CIRCUIT_OPEN']);
    const later = outcomes([handle(), handle(), handle()]);
    await clock.settle();
    expect(later).toEqual(['waiting', 'CIRCUIT_OPEN', 'CIRCUIT_OPEN']);
    expect(calls).toHaveLength(3);
    await expect(handle()).rejects.toThrow('one attempt is being made to see whether it ends well');
  });

  it('closes when that ends well', async () => {
    const { clock, attempt, open } = setup(2);
    await open();
    await clock.advance(10_000);
    expect(await attempt('succeed')).toBe('done');
    expect(await attempt('fail')).toBe('down');
    expect(await attempt('succeed')).toBe('done');
  });

  it('opens again for as long when that fails', async () => {
    const { clock, attempt, open } = setup(3);
    await open();
    await clock.advance(10_000);
    expect(await attempt('fail')).toBe('down');
    expect(await attempt('fail')).toBe('CIRCUIT_OPEN');
    await clock.advance(9_999);
    expect(await attempt('fail')).toBe('CIRCUIT_OPEN');
    await clock.advance(1);
    expect(await attempt('succeed')).toBe('done');
  });

  it('is not changed by attempts that began before', async () => {
    const { clock, calls, handle, attempt } = setup(2);
    const slow = outcomes([handle(), handle()]);
    await clock.settle();
    const [well, badly] = calls;
    await attempt('fail');
    await attempt('fail');
    well?.succeed();
    await clock.settle();
    expect(await attempt('succeed')).toBe('CIRCUIT_OPEN');
    await clock.advance(10_000);
    badly?.fail();
    await clock.settle();
    expect(slow).toEqual(['done', 'down']);
    expect(await attempt('succeed')).toBe('done');
  });

  it('stays open no longer after the clock was set back', async () => {
    const clock = new SimulatedClock();
    let back = 0;
    const middleware = circuitBreaker({
      failures: 1,
      resetSeconds: 10,
      clock: { now: () => clock.now() - back, after: (ms, wake) => clock.after(ms, wake) },
    });
    let failing = true;
    const handle = around(middleware, () => {
      if (failing) throw new Error('down');
    });
    await expect(handle()).rejects.toThrow('down');
    failing = false;
    back = 3_600_000;
    await expect(handle()).rejects.toThrow('made in 10 s');
    await clock.advance(10_000);
    expect(await handle()).toBeUndefined();
  });
});

describe('an attempt that is aborted', () => {
  const timeouts: readonly [string, unknown][] = [
    ["dagger's", new DaggerError('ATTEMPT_TIMEOUT', 'too long')],
    ["a signal's", new DOMException('too long', 'TimeoutError')],
  ];

  it.each(timeouts)('has failed when it ran out of time: %s', async (_whose, reason) => {
    const { clock, handle, attempt } = setup(1);
    const ctx = new PrivateContext();
    const found = outcomes([handle({}, ctx)]);
    await clock.settle();
    ctx.abort(reason);
    await clock.settle();
    expect(found).not.toEqual(['waiting']);
    expect(await attempt('succeed')).toBe('CIRCUIT_OPEN');
  });

  it('counts as neither when it was stopped, and the next is let through in its place', async () => {
    const { clock, handle, attempt, open } = setup(1);
    const stop = async (): Promise<string | undefined> => {
      const ctx = new PrivateContext();
      const found = outcomes([handle({}, ctx)]);
      await clock.settle();
      ctx.abort(new DaggerError('CANCELLED', 'stopped'));
      await clock.settle();
      return found[0];
    };
    expect(await stop()).toBe('CANCELLED');
    await open();
    await clock.advance(10_000);
    expect(await stop()).toBe('CANCELLED');
    expect(await attempt('succeed')).toBe('done');
  });
});
