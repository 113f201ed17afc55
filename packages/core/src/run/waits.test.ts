import { describe, expect, it } from 'vitest';
import type { HumanInput } from '../actions/answer.ts';
import { Waits, type WaitRequest } from './waits.ts';

const ask = (more: Partial<WaitRequest> = {}): WaitRequest => ({
  prompt: 'Ship it?',
  details: null,
  due: null,
  onTimeout: 'pause',
  onReject: 'fail',
  wakeOn: null,
  ...more,
});

const say = (data: string): HumanInput => ({ decision: 'answer', data, reason: null, by: null });

const NEWS = { namespace: 'global', key: 'news' } as const;

describe('inputs that came before the question', () => {
  it('are taken one by one, the oldest first, by their node only', () => {
    const waits = new Waits();
    waits.keep(1, say('first'));
    waits.keep(1, say('second'));
    expect(waits.take(2, ask())).toBeUndefined();
    expect(waits.take(1, ask())).toEqual(say('first'));
    expect(waits.earlyFor(1)).toEqual([say('second')]);
    expect(waits.take(1, ask())).toEqual(say('second'));
    expect(waits.take(1, ask())).toBeUndefined();
    expect([...waits.early()]).toEqual([]);
  });

  it('are forgotten with a node that is to be asked anew', () => {
    const waits = new Waits();
    waits.begin(1, ask(), 5);
    waits.keep(1, say('old'));
    waits.forget(1);
    expect(waits.size).toBe(0);
    expect(waits.take(1, ask())).toBeUndefined();
  });
});

describe('a shared value', () => {
  it('that was set before answers one wait that asks for it, and says where it is from', () => {
    const waits = new Waits();
    waits.keepValue('global', 'news', 'rain');
    expect(waits.take(1, ask())).toBeUndefined();
    expect(waits.take(1, ask({ wakeOn: NEWS }))).toEqual({
      decision: 'answer',
      data: 'rain',
      reason: null,
      by: 'global.news',
    });
    expect(waits.take(2, ask({ wakeOn: NEWS }))).toBeUndefined();
  });

  it('comes after what was said to the node itself', () => {
    const waits = new Waits();
    waits.keepValue('global', 'news', 'rain');
    waits.keep(1, say('mine'));
    expect(waits.take(1, ask({ wakeOn: NEWS }))?.data).toBe('mine');
    expect(waits.take(1, ask({ wakeOn: NEWS }))?.data).toBe('rain');
  });

  it('is not mistaken for one whose namespace and key only look the same together', () => {
    const waits = new Waits();
    waits.keepValue('a', 'bc', 1);
    const other = { namespace: 'ab', key: 'c' };
    expect(waits.take(1, ask({ wakeOn: other }))).toBeUndefined();
  });

  it('wakes every node that waits for it, and no other', () => {
    const waits = new Waits();
    waits.begin(1, ask({ wakeOn: NEWS }), 0);
    waits.begin(2, ask(), 0);
    waits.begin(3, ask({ wakeOn: NEWS }), 0);
    waits.begin(4, ask({ wakeOn: { namespace: 'global', key: 'else' } }), 0);
    expect(waits.wokenBy('global', 'news')).toEqual([1, 3]);
  });
});

describe('the waits that have an end to come', () => {
  it('are those with a time that has neither run out nor ended', () => {
    const waits = new Waits();
    waits.begin(1, ask(), 0);
    expect(waits.anyTimed).toBe(false);
    waits.begin(2, ask({ due: 10 }), 0);
    waits.begin(3, ask({ due: 10 }), 0);
    expect(waits.anyTimed).toBe(true);
    waits.end(2);
    expect(waits.anyTimed).toBe(true);
    waits.expire(3);
    expect(waits.anyTimed).toBe(false);
    expect(waits.get(3)?.expired).toBe(true);
    waits.expire(3);
    waits.end(3);
    waits.end(3);
    waits.begin(4, ask({ due: 10 }), 0);
    expect(waits.anyTimed).toBe(true);
  });
});
