import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ActionRegistry,
  DagExecutor,
  defineSupervisor,
  flowOutputs,
  type Plan,
  type PlanContext,
  type RunReport,
} from '@dagger/core';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';
import { folder } from './place.ts';

/** Plans nodes side by side and in a row, a failure, what does not fit, instructions; every iteration has a review. */
const plan = ({ iteration, results, failures, problems, answer }: PlanContext): Plan => {
  const n = (id: string, value: number, deps?: readonly string[]) => ({
    id,
    action: 'double',
    inputs: { n: value },
    ...(deps === undefined ? {} : { deps }),
  });
  switch (iteration) {
    case 1:
      return { nodes: [n('a', 1), n('b', 2), n('c', 3, ['a', 'b'])] };
    case 2:
      return { nodes: [{ action: 'nothing' }] };
    case 3:
      return {
        nodes: [
          { id: 'x', action: 'broken' },
          { action: 'double', inputs: { n: problems.length } },
        ],
        instructions: [{ action: 'retrieve_info', params: { about: 'plan' } }],
      };
    default:
      return {
        done: true,
        outputs: {
          results: Object.keys(results),
          failures: failures.map(({ nodeId }) => nodeId),
          decision: answer?.decision ?? null,
        },
      };
  }
};

const open = async (place: string, during?: (executor: DagExecutor) => Promise<unknown>) => {
  const planned: number[] = [];
  const opened: { executor?: DagExecutor } = {};
  const supervisor = defineSupervisor({
    plan: async (ctx) => {
      planned.push(ctx.iteration);
      if (ctx.iteration === 1 && opened.executor !== undefined) await during?.(opened.executor);
      return plan(ctx);
    },
  });
  const executor = await DagExecutor.open({
    registry: new ActionRegistry([
      { name: 'double', execute: ({ inputs }: { inputs: { n: number } }) => ({ n: inputs.n * 2 }) },
      {
        name: 'broken',
        execute: () => {
          throw new Error('broken');
        },
      },
      { name: 'info_retrieval', execute: ({ inputs }) => ({ inputs }) },
    ]),
    storage: sqlite(place),
    supervisor,
    config: {
      maxAttempts: 1,
      reviewFrequency: 1,
      humanWaitMinutes: 0,
      humanTimeoutAction: 'autopilot',
    },
  });
  opened.executor = executor;
  return { executor, planned };
};

/** What must be the same however often the process died. */
const essence = (report: RunReport): unknown => ({
  status: report.status,
  counts: report.counts,
  nodes: Object.fromEntries(
    Object.values(report.nodes).map(({ id, status, outputs }) => [id, { status, outputs }]),
  ),
  result: flowOutputs(report),
  rejected: report.rejectedCommands.map(({ error }) => error.message),
});

/** The database as if the process had died right before the commit of the group that begins with `seq`. */
const cut = (original: string, place: string, seq: number): void => {
  copyFileSync(original, place);
  const database = new BetterSqlite3(place);
  database.prepare('delete from dagger_journal where seq >= ?').run(seq);
  database
    .prepare(
      "update dagger_runs set status = 'running', finished_at = null, error = null, owner = null, lease_until = 0",
    )
    .run();
  database.close();
};

const groupsOf = (place: string): readonly number[] => {
  const reader = new BetterSqlite3(place);
  const rows = reader.prepare('select seq from dagger_journal order by seq').all() as {
    seq: number;
  }[];
  reader.close();
  return rows.map(({ seq }) => seq);
};

describe('an agent-driven flow on SQLite', () => {
  it('ends the same after a crash at whatever commit, with no plan lost and none carried out twice [P26]', async () => {
    const dir = folder();
    const original = join(dir, 'whole.db');
    const { executor } = await open(original);
    const whole = await executor.executeDag({ task: 't' }, { runId: 'r' });
    await executor.close();
    expect(whole).toMatchObject({ status: 'succeeded', counts: { failed: 1 } });
    expect(flowOutputs(whole)).toEqual({
      results: ['a', 'b', 'c', 'double_3', 'info_retrieval_3'],
      failures: ['x'],
      decision: 'autopilot',
    });
    const groups = groupsOf(original);
    expect(groups.length).toBeGreaterThan(20);
    for (const [i, seq] of groups.entries()) {
      if (i === 0) continue;
      const place = join(dir, `cut-${i}.db`);
      cut(original, place, seq);
      const second = await open(place);
      expect(essence(await second.executor.resume('r'))).toEqual(essence(whole));
      await second.executor.close();
    }
  });

  it('does not plan again what it planned before the crash', async () => {
    const dir = folder();
    const original = join(dir, 'whole.db');
    const first = await open(original);
    await first.executor.executeDag({ task: 't' }, { runId: 'r' });
    await first.executor.close();
    const groups = groupsOf(original);
    const place = join(dir, 'cut.db');
    cut(original, place, groups.at(-1) as number);
    const second = await open(place);
    expect(await second.executor.resume('r')).toMatchObject({ status: 'succeeded' });
    expect(first.planned).toEqual([1, 2, 3, 4]);
    expect(second.planned).toEqual([]);
    await second.executor.close();
  });

  it('hands the planner all that its latest plan gave, also with a small cache', async () => {
    const asked: PlanContext[] = [];
    const supervisor = defineSupervisor({
      plan: (ctx) => {
        asked.push(ctx);
        const ids = Array.from({ length: 20 }, (_, i) => `n${i}`);
        return ctx.iteration === 1
          ? { nodes: ids.map((id, i) => ({ id, action: 'same', inputs: { i } })) }
          : { done: true };
      },
    });
    const executor = await DagExecutor.open({
      registry: new ActionRegistry([{ name: 'same', execute: ({ inputs }) => inputs }]),
      storage: sqlite(join(folder(), 'small.db')),
      supervisor,
      cacheLimits: { maxEntries: 3 },
    });
    await executor.executeDag({ task: 't' });
    await executor.close();
    expect(Object.values(asked[1]?.results ?? {}).map(({ i }) => i)).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
  });

  it('carries out an instruction of another process once, also after a crash at whatever commit [P49]', async () => {
    const dir = folder();
    const original = join(dir, 'whole.db');
    const first = await open(original, async () => {
      // The same key again is the same instruction.
      for (let i = 0; i < 2; i++) {
        const other = await open(original);
        await other.executor.instruct(
          'r',
          { action: 'retrieve_info', params: { about: 'me' } },
          'mine',
        );
        await other.executor.close();
      }
    });
    const whole = await first.executor.executeDag({ task: 't' }, { runId: 'r' });
    await first.executor.close();
    const retrievals = (report: RunReport): readonly unknown[] =>
      Object.values(report.nodes)
        .filter(({ action }) => action === 'info_retrieval')
        .map(({ outputs }) => outputs?.['inputs']);
    expect(retrievals(whole)).toHaveLength(2);
    expect(retrievals(whole)).toContainEqual({ about: 'me' });
    for (const [i, seq] of groupsOf(original).entries()) {
      if (i === 0) continue;
      const place = join(dir, `cut-${i}.db`);
      cut(original, place, seq);
      const second = await open(place);
      // The inbox gave the instruction away in a commit that a cut may take back: the sender tries again.
      await second.executor.instruct(
        'r',
        { action: 'retrieve_info', params: { about: 'me' } },
        'mine',
      );
      const resumed = await second.executor.resume('r');
      expect(retrievals(resumed)).toHaveLength(2);
      expect(resumed.status).toBe('succeeded');
      await second.executor.close();
    }
  });
});
