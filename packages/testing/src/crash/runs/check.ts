import { isDeepStrictEqual } from 'node:util';
import { bySession, type SessionMark } from '../side-effects.ts';
import type { RunEffect } from './effects.ts';
import type { NodeState, RunStateData } from './state.ts';

/** The runs of a scenario by their ids; those that the storage does not know are absent. */
export type States = { readonly [runId: string]: RunStateData };

/** What a process says of the runs that it took to their ends. */
export interface RunsAccount {
  readonly of: 'runs';
  /** What the storage held when it began. */
  readonly found: States;
  /** What it holds at the end. */
  readonly final: States;
}

/** How the killed process got ahead of the storage. */
const killed = (effects: readonly RunEffect[], found: States): string[] => {
  const problems: string[] = [];
  for (const effect of effects) {
    const run = found[effect.runId];
    const node = 'nodeId' in effect ? run?.nodes[effect.nodeId] : undefined;
    const where = `${effect.runId}/${'nodeId' in effect ? effect.nodeId : ''}`;
    if (effect.type === 'start') {
      const committed = effect.handler
        ? node?.handler !== undefined && node.handler !== null
        : (node?.attempts ?? 0) >= effect.attempt;
      if (!committed)
        problems.push(
          `${where}: ${effect.handler ? 'its handler' : `attempt ${effect.attempt}`} began before that was committed`,
        );
    } else if (effect.type === 'completed' && node?.status !== 'succeeded')
      problems.push(`${where}: its completion was told and is lost, it is ${node?.status}`);
    else if (effect.type === 'reported' && run?.status !== effect.status)
      problems.push(`${effect.runId}: was reported as ${effect.status} and is ${run?.status}`);
  }
  return problems;
};

/** What ran although its end was committed. */
const again = (effects: readonly RunEffect[], found: States): string[] =>
  effects.flatMap((effect) => {
    if (effect.type !== 'start') return [];
    const node = found[effect.runId]?.nodes[effect.nodeId];
    const over = effect.handler ? node?.handler === 'succeeded' : node?.status === 'succeeded';
    return over ? [`${effect.runId}/${effect.nodeId}: ran again after its end was committed`] : [];
  });

/** What was recorded as done and was never done. */
const undone = (effects: readonly RunEffect[], final: States): string[] => {
  const ended = new Set(
    effects.flatMap((e) => (e.type === 'end' && !e.handler ? [`${e.runId}/${e.nodeId}`] : [])),
  );
  return Object.entries(final).flatMap(([runId, { nodes }]) =>
    Object.entries(nodes).flatMap(([id, { status, cached, tracked }]) =>
      status === 'succeeded' && tracked && !cached && !ended.has(`${runId}/${id}`)
        ? [`${runId}/${id}: succeeded without having run`]
        : [],
    ),
  );
};

/** An attempt that was interrupted is followed by another, so there may be one more. */
const sameNode = (
  expected: NodeState,
  actual: NodeState | undefined,
  interrupted: boolean,
): boolean => {
  if (actual === undefined) return false;
  const more = actual.attempts - expected.attempts;
  if (more < 0 || more > (interrupted ? 1 : 0)) return false;
  return isDeepStrictEqual({ ...actual, attempts: 0 }, { ...expected, attempts: 0 });
};

/** How a run differs from the one that nothing disturbed. */
const different = (
  runId: string,
  expected: RunStateData,
  actual: RunStateData | undefined,
  found: RunStateData | undefined,
): string[] => {
  if (actual === undefined) return [`${runId}: is lost`];
  const problems: string[] = [];
  for (const key of ['status', 'error', 'rejected', 'paused', 'commands'] as const) {
    if (!isDeepStrictEqual(actual[key], expected[key]))
      problems.push(
        `${runId}: ${key} is ${JSON.stringify(actual[key])}, undisturbed ${JSON.stringify(expected[key])}`,
      );
  }
  for (const id of new Set([...Object.keys(expected.nodes), ...Object.keys(actual.nodes)])) {
    const before = expected.nodes[id];
    const after = actual.nodes[id];
    if (before === undefined) problems.push(`${runId}/${id}: is one too many`);
    else if (!sameNode(before, after, found?.nodes[id]?.status === 'running'))
      problems.push(
        `${runId}/${id}: is ${JSON.stringify(after)}, undisturbed ${JSON.stringify(before)}`,
      );
  }
  return problems;
};

/** Everything that a crash must not do, and did. */
export const runViolations = (
  undisturbed: States,
  { found, final }: RunsAccount,
  effects: readonly (RunEffect | SessionMark)[],
): readonly string[] => {
  const [first = [], ...later] = bySession<RunEffect>(effects);
  return [
    ...killed(first, found),
    ...again(later.flat(), found),
    ...undone([...first, ...later.flat()], final),
    ...Object.entries(undisturbed).flatMap(([runId, expected]) =>
      different(runId, expected, final[runId], found[runId]),
    ),
  ];
};
