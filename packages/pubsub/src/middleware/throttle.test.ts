import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import { describe, expect, it } from 'vitest';
import { around, outcomes, PrivateContext } from './attempt.fixture.ts';
import { throttle } from './throttle.ts';

const setup = (messages: number, perSeconds: number) => {
  const clock = new SimulatedClock();
  const middleware = throttle({ messages, perSeconds, clock });
  const began: string[] = [];
  const agent = (name: string) =>
    around(middleware, ({ id }) => void began.push(`${name} ${id} at ${clock.elapsed}`), name);
  return { clock, began, agent };
};

describe('a throttled agent', () => {
  it('handles so many at once, and the others one by one, in order', async () => {
    const { clock, began, agent } = setup(2, 1);
    const handle = agent('a');
    const all = ['1', '2', '3', '4', '5'].map((id) => handle({ id }));
    await clock.settle();
    expect(began).toEqual(['a 1 at 0', 'a 2 at 0']);
    await clock.advanceUntil(Promise.all(all));
    expect(began.slice(2)).toEqual(['a 3 at 500', 'a 4 at 1000', 'a 5 at 1500']);
    expect(clock.nextDue).toBeUndefined();
  });

  it('may handle as many again after a pause, and no more however long that was', async () => {
    const { clock, began, agent } = setup(2, 1);
    const handle = agent('a');
    await Promise.all([handle(), handle()]);
    await clock.advance(3_600_000);
    began.length = 0;
    const all = ['1', '2', '3'].map((id) => handle({ id }));
    await clock.advanceUntil(Promise.all(all));
    expect(began).toEqual(['a 1 at 3600000', 'a 2 at 3600000', 'a 3 at 3600500']);
  });

  it('keeps the rate over any time, also where a token takes no whole milliseconds', async () => {
    const { clock, began, agent } = setup(3, 0.01);
    const handle = agent('a');
    const all = Array.from({ length: 303 }, (_, i) => handle({ id: String(i) }));
    await clock.advanceUntil(Promise.all(all));
    expect(began.at(-1)).toBe('a 302 at 1000');
  });

  it('has a bucket of its own', async () => {
    const { clock, began, agent } = setup(1, 1);
    const [a, b] = [agent('a'), agent('b')];
    const all = [a({ id: '1' }), b({ id: '1' }), a({ id: '2' }), b({ id: '2' })];
    await clock.advanceUntil(Promise.all(all));
    expect(began).toEqual(['a 1 at 0', 'b 1 at 0', 'a 2 at 1000', 'b 2 at 1000']);
  });

  it('lets nobody overtake those that wait', async () => {
    const { clock, began, agent } = setup(1, 1);
    const handle = agent('a');
    const all = [handle({ id: '1' }), handle({ id: '2' })];
    clock.after(1_000, () => all.push(handle({ id: '3' })));
    await clock.advance(3_000);
    expect(began).toEqual(['a 1 at 0', 'a 2 at 1000', 'a 3 at 2000']);
  });

  it('gives up when its signal is aborted, and its turn goes to the next', async () => {
    const { clock, began, agent } = setup(1, 1);
    const handle = agent('a');
    const [second, last] = [new PrivateContext(), new PrivateContext()];
    const found = outcomes([
      handle({ id: '1' }),
      handle({ id: '2' }, second),
      handle({ id: '3' }),
      handle({ id: '4' }, last),
    ]);
    await clock.advance(500);
    second.abort(new Error('stopped'));
    await clock.settle();
    expect(found).toEqual(['done', 'stopped', 'waiting', 'waiting']);
    await clock.advance(500);
    expect(began).toEqual(['a 1 at 0', 'a 3 at 1000']);
    last.abort(new Error('stopped too'));
    await clock.settle();
    expect(found).toEqual(['done', 'stopped', 'done', 'stopped too']);
    expect(clock.nextDue).toBeUndefined();
  });

  it('takes no turn when it was aborted before', async () => {
    const { began, agent } = setup(1, 1);
    const handle = agent('a');
    const ctx = new PrivateContext();
    ctx.abort(new Error('stopped'));
    await expect(handle({ id: '1' }, ctx)).rejects.toThrow('stopped');
    await handle({ id: '2' });
    expect(began).toEqual(['a 2 at 0']);
  });

  it('waits no longer than for one token after the clock was set back', async () => {
    const clock = new SimulatedClock();
    let back = 0;
    const middleware = throttle({
      messages: 1,
      perSeconds: 1,
      clock: { now: () => clock.now() - back, after: (ms, wake) => clock.after(ms, wake) },
    });
    const handle = around(middleware, () => clock.elapsed);
    await handle();
    back = 3_600_000;
    expect(await clock.advanceUntil(handle())).toBe(1_000);
  });
});
