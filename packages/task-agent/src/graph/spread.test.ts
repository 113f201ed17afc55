import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { spread, type Setback, type WaitingEdge } from './spread.ts';
import type { OnDependencyFailure } from '../spec/task-spec.ts';

const edge = (needs: string, taskId: string, onFailure: OnDependencyFailure): WaitingEdge => ({
  needs,
  taskId,
  onFailure,
});

const failed = (...ids: string[]): ReadonlyMap<string, Setback> =>
  new Map(ids.map((id) => [id, 'failed']));

const becomes = (
  setbacks: ReadonlyMap<string, Setback>,
  ...edges: WaitingEdge[]
): Record<string, string> =>
  Object.fromEntries(spread(setbacks, edges).consequences.map((c) => [c.taskId, c.becomes]));

it('a task whose dependency failed fails, and so on down the line', () => {
  const { consequences } = spread(failed('a'), [edge('a', 'b', 'fail'), edge('b', 'c', 'fail')]);
  expect(consequences).toEqual([
    { taskId: 'b', becomes: 'failed', because: 'a', origin: 'a' },
    { taskId: 'c', becomes: 'failed', because: 'b', origin: 'a' },
  ]);
});

it('a task that skips on failure is skipped, and what needs it is skipped too', () => {
  expect(becomes(failed('a'), edge('a', 'b', 'skip'), edge('b', 'c', 'fail'))).toEqual({
    b: 'skipped',
    c: 'skipped',
  });
});

it('a task that continues is told that one of its dependencies has ended', () => {
  const { consequences, ended } = spread(failed('a', 'b'), [
    edge('a', 'c', 'continue'),
    edge('b', 'c', 'continue'),
    edge('c', 'd', 'fail'),
  ]);
  expect(consequences).toEqual([]);
  expect(ended).toEqual([['c', 2]]);
});

it('a task that continues after one dependency and fails with another fails', () => {
  const { consequences, ended } = spread(failed('a', 'b'), [
    edge('a', 'c', 'continue'),
    edge('b', 'c', 'fail'),
  ]);
  expect(consequences.map(({ taskId }) => taskId)).toEqual(['c']);
  expect(ended).toEqual([]);
});

it('what needs a cancelled task is cancelled', () => {
  expect(becomes(new Map([['a', 'cancelled']]), edge('a', 'b', 'fail'))).toEqual({
    b: 'cancelled',
  });
});

/** Random graphs whose edges lead from lower to higher numbers. */
const graphs = fc
  .array(
    fc.record({
      from: fc.nat(9),
      span: fc.integer({ min: 1, max: 9 }),
      onFailure: fc.constantFrom<OnDependencyFailure>('fail', 'skip', 'continue'),
    }),
    { maxLength: 25 },
  )
  .map((raw) => {
    const edges = new Map<string, WaitingEdge>();
    for (const { from, span, onFailure } of raw)
      if (from + span < 12)
        edges.set(`${from} ${from + span}`, edge(`${from}`, `${from + span}`, onFailure));
    return [...edges.values()];
  });

it('reaches exactly the tasks that a walk from each setback reaches, in whatever order the edges come', () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.nat(4), { minLength: 1 }), fc.integer(), (edges, at, seed) => {
      const setbacks = failed(...at.map(String));
      const reached = new Set<string>();
      const walk = (id: string): void => {
        for (const { needs, taskId, onFailure } of edges)
          if (
            needs === id &&
            onFailure !== 'continue' &&
            !setbacks.has(taskId) &&
            !reached.has(taskId)
          ) {
            reached.add(taskId);
            walk(taskId);
          }
      };
      for (const id of setbacks.keys()) walk(id);
      const shuffled = edges.toSorted(
        (a, b) => ((Number(a.needs) * 31 + seed) % 7) - ((Number(b.needs) * 31 + seed) % 7),
      );
      const { consequences, ended } = spread(setbacks, shuffled);
      expect(new Set(consequences.map(({ taskId }) => taskId))).toEqual(reached);
      const over = new Set([...setbacks.keys(), ...reached]);
      const expected = new Map<string, number>();
      for (const { needs, taskId, onFailure } of edges)
        if (onFailure === 'continue' && over.has(needs) && !over.has(taskId))
          expected.set(taskId, (expected.get(taskId) ?? 0) + 1);
      expect(new Map(ended)).toEqual(expected);
    }),
  );
});
