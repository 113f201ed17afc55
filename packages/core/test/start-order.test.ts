import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ActionRegistry } from '../src/actions/registry.ts';
import { DagExecutor } from '../src/executor/executor.ts';
import type { EventHook } from '../src/hooks/hook.ts';
import type { RunReport } from '../src/run/report.ts';
import { sqlite } from '../../adapters/sqlite/src/index.ts';
import { timedRun, type TimedNode } from './timed-run.ts';

const node = (id: string, seconds: number, parts: Partial<TimedNode> = {}): TimedNode => ({
  id,
  seconds,
  ...parts,
});
const known = (id: string, seconds: number, ...dependencies: readonly string[]): TimedNode =>
  node(id, seconds, { duration: seconds, dependencies });

/** Two short ones are defined before the one that everything waits for. */
const PATH = [
  known('s1', 1),
  known('s2', 1),
  known('s3', 1),
  known('long', 5),
  known('end', 5, 'long'),
];

describe('with more ready nodes than slots', () => {
  it('the longest path goes first where durations are known', async () => {
    const { starts, makespan } = await timedRun(PATH, { slots: 2 });
    expect(starts).toEqual(['long', 's1', 's2', 's3', 'end']);
    expect(makespan).toBe(10);
  });

  it('the order of definition stays where no duration is known', async () => {
    const unknown = PATH.map(({ duration: _, ...rest }) => rest);
    expect((await timedRun(unknown, { slots: 2 })).starts).toEqual([
      's1',
      's2',
      's3',
      'long',
      'end',
    ]);
  });

  it('the order of definition stays where the setting says so', async () => {
    const { starts, makespan } = await timedRun(PATH, {
      slots: 2,
      config: { nodeOrder: 'definition' },
    });
    expect(starts).toEqual(['s1', 's2', 's3', 'long', 'end']);
    expect(makespan).toBe(11);
  });

  it('the order of definition stays with one slot', async () => {
    expect((await timedRun(PATH, { slots: 1 })).starts).toEqual(PATH.map(({ id }) => id));
  });

  it('the duration of an action counts for its nodes, unless they say otherwise', async () => {
    const nodes = [
      node('a', 1, { action: 'slow', duration: 1 }),
      node('b', 2, { duration: 2 }),
      node('c', 9, { action: 'slow' }),
      node('d', 3, { duration: 3 }),
    ];
    const { starts } = await timedRun(nodes, {
      slots: 2,
      actions: [{ name: 'slow', duration: 9 }],
    });
    expect(starts).toEqual(['c', 'd', 'b', 'a']);
  });

  it('a node without a known duration counts as the mean of the others', async () => {
    const nodes = [known('two', 2), node('unknown', 1), known('six', 6), known('three', 3)];
    const { starts } = await timedRun(nodes, { slots: 2 });
    expect(starts).toEqual(['six', 'unknown', 'three', 'two']);
  });

  it('nodes that are added take their place, and raise what they wait for', async () => {
    const growth: EventHook = {
      events: ['NodeStarted'],
      handle: (_, event) =>
        event.type === 'NodeStarted' && event.nodeId === 'a'
          ? [
              { type: 'AddNode', spec: { id: 'after', action: 'work', deps: ['d'], duration: 9 } },
              { type: 'AddNode', spec: { id: 'side', action: 'work', duration: 3.5 } },
            ]
          : undefined,
    };
    const nodes = [known('a', 5), known('b', 4), known('c', 3), known('d', 2)];
    const { starts } = await timedRun(nodes, {
      slots: 2,
      hooks: [growth],
      grown: { after: 9, side: 3.5 },
    });
    expect(starts).toEqual(['a', 'b', 'd', 'side', 'c', 'after']);
  });

  it('a run that is resumed goes on in the same order', async () => {
    const storage = sqlite(':memory:');
    onTestFinished(async () => storage.close());
    let broken = true;
    const flaky = {
      name: 'flaky',
      execute: () => {
        if (broken) throw new Error('broken');
      },
    };
    const nodes = [
      node('flaky', 0, { action: 'flaky', duration: 10 }),
      ...[1, 2, 3, 4].map((seconds) => known(`n${seconds}`, seconds)),
    ];
    const setting = {
      slots: 2,
      storage,
      runId: 'r',
      actions: [flaky],
      config: { maxAttempts: 1, onFailure: 'pause' },
    } as const;
    const first = await timedRun(nodes, setting);
    expect([first.report.status, ...first.starts]).toEqual(['paused', 'n4']);
    broken = false;
    const second = await timedRun(nodes, setting);
    expect([second.report.status, ...second.starts]).toEqual(['succeeded', 'n3', 'n2', 'n1']);
  });

  it('a run that is resumed in memory goes on in the order of its new number of slots', async () => {
    const starts: string[] = [];
    const executor = await DagExecutor.open({
      registry: new ActionRegistry()
        .registerFn('work', ({ nodeId }) => void starts.push(nodeId))
        .registerFn('flaky', () => {
          if (starts.length < 3) throw new Error('broken');
        }),
      config: { maxAttempts: 1, onFailure: 'pause', maxParallelNodes: 2 },
    });
    const nodes = [1, 2, 3, 4, 5].map((seconds) => ({
      id: `n${seconds}`,
      action: 'work',
      duration: seconds,
    }));
    executor.add({
      name: 'g',
      nodes: [...nodes, { id: 'flaky', action: 'flaky', duration: 4.5 }],
    });
    const { status } = await executor.run('g', { runId: 'r' });
    expect([status, ...starts]).toEqual(['paused', 'n5']);
    starts.length = 0;
    await executor.resume('r', { maxParallelNodes: 1 });
    expect(starts).toEqual(['n1', 'n2', 'n3', 'n4']);
  });
});

/** A graph without cycles, with the seconds of its nodes, of which some are given out. */
const timedNodes: fc.Arbitrary<readonly TimedNode[]> = fc
  .array(
    fc.record({
      picks: fc.array(fc.nat(99), { maxLength: 3 }),
      seconds: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(60)),
      given: fc.nat(3),
      fails: fc.nat(12),
    }),
    { minLength: 1, maxLength: 14, size: 'max' },
  )
  .map((seeds) =>
    seeds.map(({ picks, seconds, given, fails }, i) =>
      node(`n${i}`, seconds, {
        dependencies: [...new Set(picks.map((pick) => pick % Math.max(1, i)))]
          .filter((k) => k < i)
          .map((k) => `n${k}`),
        ...(given === 0 ? {} : { duration: seconds }),
        ...(fails === 0 ? { when: 'false' } : {}),
      }),
    ),
  );

const slots = fc.integer({ min: 2, max: 5 });

const results = (report: RunReport): unknown => ({
  status: report.status,
  counts: report.counts,
  nodes: Object.values(report.nodes).map(
    ({ startedAt: _, finishedAt: __, durationMs: ___, ...rest }) => rest,
  ),
});

describe('whatever the order', () => {
  it('the results are the same', async () => {
    await fc.assert(
      fc.asyncProperty(timedNodes, slots, async (nodes, m) => {
        const [first, second, third] = await Promise.all([
          timedRun(nodes, { slots: m }),
          timedRun(nodes, { slots: m, config: { nodeOrder: 'definition' } }),
          timedRun(nodes, { slots: 1 }),
        ]);
        expect(results(first.report)).toEqual(results(second.report));
        expect(results(first.report)).toEqual(results(third.report));
      }),
      { numRuns: 60 },
    );
  });

  it('no slot is idle while a node is ready: the makespan is within the bounds of list scheduling', async () => {
    await fc.assert(
      fc.asyncProperty(timedNodes, slots, async (random, m) => {
        const nodes = random.map(({ when: _, ...rest }) => ({ ...rest, duration: rest.seconds }));
        const ends = new Map<string, number>();
        for (const { id, seconds, dependencies = [] } of nodes)
          ends.set(
            id,
            seconds + Math.max(0, ...dependencies.map((d) => ends.get(d as string) ?? 0)),
          );
        const path = Math.max(...ends.values());
        const work = nodes.reduce((sum, { seconds }) => sum + seconds, 0);
        const { makespan } = await timedRun(nodes, { slots: m });
        expect(makespan).toBeGreaterThanOrEqual(Math.max(path, Math.ceil(work / m)));
        expect(makespan).toBeLessThanOrEqual(work / m + (1 - 1 / m) * path + 1e-9);
      }),
      { numRuns: 100 },
    );
  });
});

const FOLDER = new URL('../../../../shared/cases/stg/', import.meta.url);
const present = existsSync(FOLDER);

interface Sample {
  readonly name: string;
  readonly optimum: { readonly [workers: string]: number };
  readonly tasks: readonly {
    readonly id: string;
    readonly deps: readonly string[];
    readonly runtimeSeconds: number;
  }[];
}

const samples = (): readonly Sample[] =>
  readdirSync(FOLDER)
    .filter((file) => file !== 'index.json')
    .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Sample);

describe.skipIf(!present)(
  `graphs with a proven optimum${present ? '' : ' (skipped: ../shared/cases/stg is absent)'}`,
  () => {
    it('take at most half a percent longer on average, and a tenth at worst', async () => {
      const ratios: number[] = [];
      for (const { optimum, tasks } of samples()) {
        const nodes = tasks.map(({ id, deps, runtimeSeconds: seconds }) =>
          node(id, seconds, {
            dependencies: deps,
            ...(seconds > 0 ? { duration: seconds } : {}),
          }),
        );
        for (const [workers, best] of Object.entries(optimum))
          ratios.push((await timedRun(nodes, { slots: Number(workers) })).makespan / best);
      }
      expect(ratios.length).toBeGreaterThan(0);
      expect(Math.min(...ratios)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...ratios)).toBeLessThanOrEqual(1.1);
      expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThanOrEqual(
        1.005,
      );
    });
  },
);
