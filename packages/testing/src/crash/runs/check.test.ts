import { expect, it } from 'vitest';
import type { SessionMark } from '../side-effects.ts';
import { runViolations, type RunsAccount, type States } from './check.ts';
import type { RunEffect } from './effects.ts';
import type { NodeState, RunStateData } from './state.ts';

const node = (change: Partial<NodeState> = {}): NodeState => ({
  status: 'succeeded',
  reason: null,
  attempts: 1,
  outputs: { x: 1 },
  error: null,
  handler: null,
  cached: false,
  tracked: true,
  ...change,
});
const run = (
  nodes: { readonly [id: string]: NodeState },
  change: Partial<RunStateData> = {},
): RunStateData => ({
  status: 'succeeded',
  error: null,
  rejected: [],
  paused: [],
  nodes,
  commands: {},
  ...change,
});
const states = (data: RunStateData): States => ({ r: data });
const at = (
  type: 'start' | 'end',
  nodeId: string,
  change: { readonly attempt?: number; readonly handler?: boolean } = {},
): RunEffect => ({ type, runId: 'r', nodeId, attempt: 1, handler: false, ...change });
const session: SessionMark = { type: 'session' };
const whole = run({ a: node(), b: node() });

interface CrashOutcome extends RunsAccount {
  readonly effects: readonly (RunEffect | SessionMark)[];
}

/** Killed while b ran; the next process did b again. */
const clean: CrashOutcome = {
  of: 'runs',
  found: states(
    run({ a: node(), b: node({ status: 'running', outputs: null }) }, { status: 'running' }),
  ),
  final: states(run({ a: node(), b: node({ attempts: 2 }) })),
  effects: [
    session,
    at('start', 'a'),
    at('end', 'a'),
    { type: 'completed', runId: 'r', nodeId: 'a' },
    at('start', 'b'),
    session,
    at('start', 'b', { attempt: 2 }),
    at('end', 'b', { attempt: 2 }),
  ],
};
const judge = (
  change: Partial<CrashOutcome>,
  undisturbed: States = states(whole),
): readonly string[] => {
  const { effects, ...account } = { ...clean, ...change };
  return runViolations(undisturbed, account, effects);
};

it('one more attempt of what was interrupted is no violation', () => {
  expect(judge({})).toEqual([]);
});

it('one more attempt of what was not interrupted is', () => {
  expect(
    judge({ final: states(run({ a: node({ attempts: 2 }), b: node({ attempts: 2 }) })) }),
  ).toEqual([expect.stringMatching(/^r\/a: is .*"attempts":2.*, undisturbed .*"attempts":1/)]);
});

it('what began, completed or was reported before the storage knew, is', () => {
  const [first, ...rest] = clean.effects;
  const early = [
    at('start', 'b', { attempt: 2 }),
    at('start', 'a', { handler: true }),
    { type: 'completed', runId: 'r', nodeId: 'b' },
    { type: 'reported', runId: 'r', status: 'succeeded' },
  ] as const;
  expect(judge({ effects: [first as SessionMark, ...early, ...rest] })).toEqual([
    'r/b: attempt 2 began before that was committed',
    'r/a: its handler began before that was committed',
    'r/b: its completion was told and is lost, it is running',
    'r: was reported as succeeded and is running',
  ]);
});

it('what runs again after its end was committed, is', () => {
  expect(judge({ effects: [...clean.effects, at('start', 'a')] })).toEqual([
    'r/a: ran again after its end was committed',
  ]);
});

it('what succeeds without having run is, unless it was taken from an earlier run', () => {
  const effects = clean.effects.filter((e) => e.type !== 'end' || e.nodeId !== 'a');
  expect(judge({ effects })).toEqual(['r/a: succeeded without having run']);
  const cached = run({ a: node({ cached: true }), b: node() });
  expect(judge({ final: states(cached), effects }, states(cached))).toEqual([]);
});

it('a command that is applied twice is, and so are a node too many and a run that is lost', () => {
  const grown = run(
    { ...clean.final['r']?.nodes, c: node({ cached: true }) },
    { commands: { NodesAdded: 2 } },
  );
  expect(judge({ final: states(grown) })).toEqual([
    'r: commands is {"NodesAdded":2}, undisturbed {}',
    'r/c: is one too many',
  ]);
  expect(judge({ final: {} })).toEqual(['r: is lost']);
});
