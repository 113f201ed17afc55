import { expect, it } from 'vitest';
import { isEnd, mustAllow, TASK_STATES, TRANSITIONS, type Cause } from './states.ts';

const causes = Object.keys(TRANSITIONS) as Cause[];

it('every state can be reached, and left unless it is an end with an output', () => {
  const begins = ['pending', 'ready', 'paused'];
  const reached = new Set([...begins, ...causes.flatMap((cause) => TRANSITIONS[cause].to)]);
  expect(reached).toEqual(new Set(TASK_STATES));
  const left = new Set(causes.flatMap((cause) => TRANSITIONS[cause].from));
  expect(TASK_STATES.filter((state) => !left.has(state))).toEqual(['completed', 'accepted']);
});

it('an end is left only when a person or a planner reopens the task', () => {
  const leaving = causes.filter((cause) => TRANSITIONS[cause].from.some(isEnd));
  expect(leaving).toEqual(['reopen']);
});

it('nothing is done again that succeeded', () => {
  expect(TRANSITIONS.reopen.from).not.toContain('completed');
  expect(TRANSITIONS.reopen.from).not.toContain('accepted');
});

it('a transition that does not exist is an error that names the states where it does', () => {
  expect(() => mustAllow('accept', 'pending', 'job/a')).toThrow(
    expect.objectContaining({
      code: 'TASK_STATE',
      message: "task 'job/a' is pending: cannot accept it; that is possible where it is in_review",
    }),
  );
  expect(() => mustAllow('cancel', 'blocked', 'job/a')).not.toThrow();
});
