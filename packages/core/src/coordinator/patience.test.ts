import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import { Patience } from './patience.ts';

describe('the time that a session only waits for people', () => {
  it('is counted once, from the first moment of each wait to its end', async () => {
    const clock = new SimulatedClock();
    const patience = new Patience(clock);
    await clock.advance(10);
    expect(patience.spare()).toBe(0);
    patience.begin();
    await clock.advance(10);
    patience.begin();
    await clock.advance(5);
    patience.over();
    await clock.advance(100);
    patience.over();
    patience.begin();
    await clock.advance(1);
    patience.over();
    expect(patience.spare()).toBe(16);
    expect(patience.spare()).toBe(0);
  });

  it('goes on after it was asked for in the middle of a wait', async () => {
    const clock = new SimulatedClock();
    const patience = new Patience(clock);
    patience.begin();
    await clock.advance(7);
    expect(patience.spare()).toBe(7);
    await clock.advance(3);
    patience.over();
    expect(patience.spare()).toBe(3);
  });
});
