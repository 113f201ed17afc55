/* oxlint-disable vitest/valid-expect -- the checks are shared by all scenarios; the message names the node */
import { describe, expect, it } from 'vitest';
import { checkGraph } from '../src/graph/graph.ts';
import type { NodeReport, RunReport } from '../src/run/report.ts';
import { scenarios, scenariosPresent, type Expectation, type Scenario } from './scenario.ts';
import { definitionsOf } from './scenario-graph.ts';
import { ScenarioRun, type Interval, type Outcome } from './scenario-run.ts';

/** What dagger does not have, or has in another way. */
const NOT_SUPPORTED: { readonly [id: string]: string } = {
  'nested-limit':
    'a node runs an action, not a workflow; growth at run time takes the place of sub-workflows',
  'target-subset': 'a run is of a whole graph; nodes that shall not run are disabled',
  'stop-starts-nothing-new':
    'there are no exit handlers: the caller has the report, a failed node its failure action',
  'finally-tasks':
    'there are no final tasks: a node with optional dependencies on all others runs last',
  'exit-handler-fails': 'there are no exit handlers: nothing after the run can change its status',
  'rerun-failed':
    'a resumed run repeats what failed and what was skipped for it; it keeps every success, also below a failure',
};

/** Where engines differ: what dagger does, over the expectation of the scenario. */
const DECISIONS: { readonly [id: string]: Partial<Expectation> } = {
  'continue-on-fail': { run: 'failed' },
  'when-false-downstream-argo': { nodes: { A: 'succeeded', B: 'skipped', C: 'not-run' } },
  'timeout-vs-retry': { attempts: { A: 6 }, makespanUnits: 85 },
  'fail-fast-default': {
    nodes: { A: 'succeeded', B: 'succeeded', C: 'failed', D: 'not-run', E: 'not-run' },
    makespanUnits: 31,
  },
  'crash-recovery': {
    run: 'succeeded',
    nodes: { A: 'succeeded', B: 'succeeded', C: 'succeeded' },
    attempts: { A: 1, B: 2, C: 1 },
  },
};

/** The words of the scenarios for the status of a node; what never got its turn may be skipped or still pending. */
const wordsFor = ({ status, reason, error }: NodeReport): readonly string[] => {
  switch (status) {
    case 'failed':
      return error?.code === 'NODE_TIMEOUT' ? ['failed', 'timed-out'] : ['failed'];
    case 'skipped':
      return reason === 'condition' ? ['skipped'] : ['not-run'];
    case 'pending':
      return ['not-run', 'not-started'];
    case 'ready':
      return ['waiting', 'not-run'];
    case 'running':
    case 'retrying':
    case 'waiting':
    case 'succeeded':
    case 'cancelled':
      return [status];
  }
};

const RUN_WORDS: { readonly [status: string]: readonly string[] } = {
  paused: ['waiting'],
  timed_out: ['timed-out', 'failed'],
};

const mostAtOnce = (attempts: readonly Interval[]): number =>
  Math.max(
    0,
    ...attempts.map(({ from }) => attempts.filter((a) => a.from <= from && from < a.to).length),
  );

const checkReport = (report: RunReport, wanted: Expectation): void => {
  if (wanted.run !== undefined) {
    const words = RUN_WORDS[report.status] ?? [report.status];
    expect(
      words.some((word) => wanted.run?.split('|').includes(word)),
      `${report.status} as ${wanted.run}`,
    ).toBe(true);
  }
  for (const [id, word] of Object.entries(wanted.nodes ?? {}))
    expect(wordsFor(report.node(id) as NodeReport), `node ${id}`).toContain(word);
};

const check = (
  { report, atCheck, attempts, makespan, alive }: Outcome,
  wanted: Expectation,
): void => {
  checkReport(report, wanted);
  if (wanted.atCheck !== undefined) checkReport(atCheck as RunReport, wanted.atCheck);
  const of = (id: string): readonly Interval[] => attempts.filter((a) => a.id === id);
  for (const [id, count] of Object.entries(wanted.attempts ?? {}))
    expect(of(id), id).toHaveLength(count);
  for (const [id, most] of Object.entries(wanted.maxAttempts ?? {}))
    expect(of(id).length, id).toBeLessThanOrEqual(most);
  for (const [id, starts] of Object.entries(wanted.attemptStarts ?? {}))
    expect(
      of(id).map(({ from }) => from),
      id,
    ).toEqual(starts);
  for (const id of wanted.neverStarted ?? []) expect(of(id), id).toEqual([]);
  for (const [a, b] of wanted.overlap ?? [])
    expect(mostAtOnce([...of(a), ...of(b)]), `${a} with ${b}`).toBe(2);
  if (wanted.makespanUnits !== undefined) expect(makespan).toBe(wanted.makespanUnits);
  if (wanted.endsBeforeUnits !== undefined) expect(makespan).toBeLessThan(wanted.endsBeforeUnits);
  if (wanted.maxConcurrent !== undefined) expect(mostAtOnce(attempts)).toBe(wanted.maxConcurrent);
  if (wanted.neverIdleBelowLimit === true) {
    const work = attempts.reduce((sum, { from, to }) => sum + to - from, 0);
    expect(work / makespan, 'nodes at once on average').toBe(wanted.maxConcurrent);
  }
  expect(alive, 'the executor runs something else').toBe(true);
};

/** The words of a refusal that are really said. */
const complaints = (scenario: Scenario): readonly string[] => {
  const { graph, diagnostics } = checkGraph({ name: 'scenario', nodes: definitionsOf(scenario) });
  expect(graph).toBeUndefined();
  const said = diagnostics.map(({ message }) => message).join('\n');
  return (scenario.expect.loadError ?? []).filter((word) => said.includes(word));
};

const supported = scenarios.filter(({ id }) => NOT_SUPPORTED[id] === undefined);
const refused = supported.filter((scenario) => scenario.expect.loadError !== undefined);
const played = supported.filter((scenario) => scenario.expect.loadError === undefined);

describe.skipIf(!scenariosPresent)(
  `scenarios of other engines${scenariosPresent ? '' : ' (skipped: ../shared/cases/scenarios.json is absent)'}`,
  () => {
    const known = new Set(scenarios.map(({ id }) => id));

    it('are decided under their names', () => {
      for (const id of [...Object.keys(NOT_SUPPORTED), ...Object.keys(DECISIONS)])
        expect(known).toContain(id);
    });

    it.each(
      scenarios
        .filter(({ id }) => NOT_SUPPORTED[id] !== undefined)
        .map((s) => [s.id, NOT_SUPPORTED[s.id], s] as const),
    )('%s: not supported: %s', (_id, _reason, scenario) => {
      expect(scenario.portability).not.toBe('universal');
    });

    it.each(refused.map((s) => [s.id, s.title, s] as const))('%s: %s', (_id, _title, scenario) => {
      expect(complaints(scenario)).toEqual(scenario.expect.loadError);
    });

    it.each(played.map((s) => [s.id, s.title, s] as const))(
      '%s: %s',
      async (_id, _title, scenario) => {
        const decided = DECISIONS[scenario.id] ?? {};
        expect(
          scenario.portability === 'universal' && Object.keys(decided).length > 0,
          'no choice',
        ).toBe(false);
        check(await ScenarioRun.play(scenario), { ...scenario.expect, ...decided });
      },
    );
  },
);
