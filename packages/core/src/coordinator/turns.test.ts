import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import type { RunEvent } from '../run/events.ts';
import type { RunJournal } from '../storage/journal.ts';
import { Turns, type TurnWork } from './turns.ts';

const EVENT: RunEvent = { type: 'CustomEvent', at: 0, event: null };

const setup = () => {
  const commits: { readonly events: number; readonly taken: readonly string[] }[] = [];
  const keep: RunJournal['append'] = (events, { taken }) => {
    commits.push({ events: events.length, taken });
    return Promise.resolve();
  };
  const journal: RunJournal = {
    append: keep,
    finish: keep,
    outputsOf: () => Promise.resolve(undefined),
    close: () => {},
  };
  const work: TurnWork<() => void> = {
    take: () => {},
    decide: () => {},
    carryOut: () => {},
    quiet: () => {},
    broken(error) {
      throw error;
    },
  };
  const clock = new SimulatedClock();
  const turns = new Turns(work, clock, journal, 0);
  turns.begin();
  return { turns, clock, commits };
};

describe('a message of the inbox', () => {
  it('is taken off in the commit of the events that it brings [P49]', async () => {
    const { turns, clock, commits } = setup();
    turns.post(() => {
      turns.record(EVENT);
      turns.taken('m');
    });
    await clock.settle();
    expect(commits).toEqual([{ events: 1, taken: ['m'] }]);
  });

  it('that brings none is taken off with the next group, also when something else is done meanwhile', async () => {
    const { turns, clock, commits } = setup();
    let done = false;
    turns.post(() => {
      turns.taken('m');
      turns.afterwards(() => (done = true));
    });
    await clock.settle();
    expect(done).toBe(true);
    turns.post(() => turns.record(EVENT));
    await clock.settle();
    expect(commits).toEqual([
      { events: 0, taken: [] },
      { events: 1, taken: ['m'] },
    ]);
  });
});
