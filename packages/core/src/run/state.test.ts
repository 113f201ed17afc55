import { describe, expect, it } from 'vitest';
import { mergeConfig } from '../config/merge.ts';
import { toErrorData } from '../errors.ts';
import { defineGraph, Graph } from '../graph/graph.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { RunEvent } from './events.ts';
import { publicEvents } from './public-events.ts';
import { RunState } from './state.ts';
import { statusName } from './status.ts';

const error = toErrorData(new Error('boom'));

const node = (id: string, ...dependencies: readonly string[]): NodeDefinition => ({
  id,
  action: 'work',
  dependencies,
});

type Told = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'at'> : never) : never;

const setup = (nodes: readonly NodeDefinition[], { hooked = false } = {}) => {
  const state = new RunState(
    Graph.topologyOf(defineGraph({ name: 'g', nodes })),
    mergeConfig({ onFailure: 'continue' }),
  );
  let at = 1_000;
  const n = (id: string): number => state.topology.numberOf(id) as number;
  const apply = (event: Told): void => state.apply({ ...event, at: at++ });
  const start = (id: string): void => apply({ type: 'NodeStarted', n: n(id) });
  apply({ type: 'RunStarted', hooked });
  if (hooked) apply({ type: 'HooksSeen', seq: 1 });
  return {
    state,
    apply,
    n,
    start,
    succeed: (...ids: readonly string[]): void => {
      for (const id of ids) {
        start(id);
        apply({ type: 'NodeCompleted', n: n(id), outputs: {} });
      }
    },
    fail: (id: string): void => {
      start(id);
      apply({ type: 'NodeFailed', n: n(id), error });
    },
    status: (id: string): string => statusName(state.status[n(id)] as number),
    ready: (): string[] => {
      const taken: number[] = [];
      for (let next = state.takeReady(); next !== -1; next = state.takeReady()) taken.push(next);
      for (const next of taken) state.returnReady(next);
      return taken.map((next) => state.topology.idOf(next));
    },
  };
};

describe('a node that may start', () => {
  it('comes up in the order of definition', () => {
    expect(setup([node('b'), node('a'), node('c')]).ready()).toEqual(['b', 'a', 'c']);
  });

  it('comes up once after its branch was paused and resumed', () => {
    const { apply, n, ready } = setup([node('a')]);
    apply({ type: 'BranchPaused', n: n('a'), reason: null });
    apply({ type: 'BranchResumed', n: n('a') });
    expect(ready()).toEqual(['a']);
  });

  it('comes up once after a crash', () => {
    const { apply, start, ready } = setup([node('a')]);
    start('a');
    apply({ type: 'RunResumed', hooked: false, retry: false });
    expect(ready()).toEqual(['a']);
  });

  it('is skipped when it is disabled before it starts', () => {
    const { apply, n, status } = setup([node('a'), node('b', 'a')]);
    apply({ type: 'NodesDisabled', ns: [n('a')] });
    expect([status('a'), status('b')]).toEqual(['skipped', 'skipped']);
  });
});

describe('a node that joins some of its dependencies', () => {
  const some = (join: NodeDefinition['join'] & {}): NodeDefinition => ({
    ...node('late', 'bad', 'good', 'fine'),
    join,
  });

  const grown = (join: NodeDefinition['join'] & {}): string => {
    const { apply, fail, succeed, status } = setup([node('bad'), node('good'), node('fine')]);
    fail('bad');
    succeed('good', 'fine');
    apply({ type: 'NodesAdded', nodes: [some(join)] });
    return status('late');
  };

  it('may start at once when it is added after enough of them succeeded', () => {
    expect(grown('any')).toBe('ready');
    expect(grown({ atLeast: 2 })).toBe('ready');
  });

  it('is skipped when it is added after too many of them failed', () => {
    expect(grown({ atLeast: 3 })).toBe('skipped');
  });

  it('still waits after a crash for the one that is missing', () => {
    const { apply, fail, succeed, start, status } = setup([
      node('bad'),
      node('good'),
      node('fine'),
      some({ atLeast: 2 }),
    ]);
    fail('bad');
    succeed('good');
    start('fine');
    apply({ type: 'RunResumed', hooked: false, retry: false });
    expect(status('late')).toBe('pending');
    succeed('fine');
    expect(status('late')).toBe('ready');
  });
});

describe('a paused branch', () => {
  it('holds the nodes that grow in it, also those that are defined before what they depend on', () => {
    const { apply, n, succeed, ready } = setup([node('held'), node('free')]);
    apply({ type: 'BranchPaused', n: n('held'), reason: null });
    succeed('free');
    apply({
      type: 'NodesAdded',
      nodes: [{ ...node('late', 'inner', 'free'), join: 'any' }, node('inner', 'held')],
    });
    expect(ready()).toEqual([]);
  });
});

describe('a run that is resumed after it broke off in the middle of a stop', () => {
  it('gives the nodes that were cancelled with it another chance', () => {
    const { apply, n, start, status } = setup([node('a'), node('b', 'a')]);
    start('a');
    apply({ type: 'RunStopping', why: 'cancelled', error });
    apply({ type: 'NodeCancelled', n: n('a'), reason: 'cancelled' });
    apply({ type: 'RunResumed', hooked: false, retry: false });
    expect([status('a'), status('b')]).toEqual(['ready', 'pending']);
  });

  it('skips nobody for a node that a failing hook cancelled', () => {
    const { apply, n, start, status } = setup([node('a'), node('b', 'a')]);
    start('a');
    apply({ type: 'RunStopping', why: 'failed', error });
    apply({ type: 'NodeCancelled', n: n('a'), reason: 'failed' });
    apply({ type: 'RunResumed', hooked: false, retry: false });
    expect([status('a'), status('b')]).toEqual(['cancelled', 'pending']);
  });
});

describe('a failed node that gets another chance', () => {
  it('is not told to its dependents as failed when the hooks catch up', () => {
    const { state, apply, fail, status } = setup([node('a'), node('b', 'a')], { hooked: true });
    fail('a');
    apply({ type: 'RunStopping', why: 'cancelled', error });
    apply({ type: 'RunFinished', status: 'cancelled' });
    apply({ type: 'RunResumed', hooked: true, retry: true });
    apply({ type: 'HooksSeen', seq: state.seq });
    expect([status('a'), status('b')]).toEqual(['ready', 'pending']);
  });

  it('leads on to its dependents also when the run had no hooks before', () => {
    const { state, apply, fail, succeed, status } = setup([node('a'), node('b', 'a')]);
    fail('a');
    apply({ type: 'RunFinished', status: 'failed' });
    apply({ type: 'RunResumed', hooked: true, retry: true });
    apply({ type: 'HooksSeen', seq: 1 });
    succeed('a');
    apply({ type: 'HooksSeen', seq: state.seq });
    expect(status('b')).toBe('ready');
  });

  it('leaves nobody hanging when the run had no hooks before', () => {
    const { apply, n, status } = setup([node('a'), node('b', 'a')]);
    apply({ type: 'NodeSkipped', n: n('a'), reason: 'condition' });
    apply({ type: 'RunFinished', status: 'failed' });
    apply({ type: 'RunResumed', hooked: true, retry: true });
    apply({ type: 'HooksSeen', seq: 1 });
    expect([status('a'), status('b')]).toEqual(['skipped', 'skipped']);
  });

  it('has no dependents that are said to be skipped while they wait for it', () => {
    const { state, apply, fail, status } = setup([node('a'), node('b', 'a')], { hooked: true });
    fail('a');
    apply({ type: 'RunFinished', status: 'failed' });
    const resumed: RunEvent = { type: 'RunResumed', at: 5_000, hooked: false, retry: true };
    state.apply(resumed);
    expect(status('b')).toBe('pending');
    const told = [...publicEvents({ runId: 'r', dagName: 'g' }, state, resumed)];
    expect(told.map((t) => t.event.type)).toEqual(['RunResumed']);
  });
});

describe('a long cascade', () => {
  it('of skipped nodes needs no stack', () => {
    const chain = Array.from({ length: 50_000 }, (_, i) =>
      i === 0 ? node('n0') : node(`n${i}`, `n${i - 1}`),
    );
    const { fail, status } = setup(chain);
    fail('n0');
    expect(status('n49999')).toBe('skipped');
  });
});
