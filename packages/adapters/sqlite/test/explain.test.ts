import { ActionRegistry, DagExecutor, defineAction, type DagConfigInput } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import { sqlite } from '../src/index.ts';

const setup = async (config: DagConfigInput = {}, version = '1') => {
  const clock = new SimulatedClock();
  const actions = (v: string): ActionRegistry =>
    new ActionRegistry([
      defineAction({ name: 'work', version: v, execute: () => ({ ok: true }) }),
      defineAction({
        name: 'fail',
        execute: () => {
          throw new Error('no luck');
        },
      }),
      defineAction({ name: 'tidy', execute: () => ({}) }),
    ]);
  const storage = sqlite('sqlite::memory:');
  const open = (v: string) =>
    DagExecutor.open({
      registry: actions(v),
      storage,
      clock,
      config: { maxAttempts: 1, retryStrategy: 'immediate', onFailure: 'continue', ...config },
    });
  return { executor: await open(version), open, clock };
};

const texts = async (executor: DagExecutor, runId: string, nodeId: string): Promise<string[]> =>
  (await executor.explain(runId, nodeId)).reasons.map(({ text }) => text);

describe('explain tells why a node', () => {
  it('ran: what it depends on, and its condition', async () => {
    const { executor } = await setup();
    executor.add({
      name: 'g',
      nodes: [
        { id: 'a', action: 'work' },
        { id: 'b', action: 'work', dependencies: ['a'], when: 'outputs.a.ok' },
      ],
    });
    await executor.run('g', { runId: 'r' });
    expect(await executor.explain('r', 'a')).toEqual({
      runId: 'r',
      nodeId: 'a',
      status: 'succeeded',
      summary: "'a' ran: it depends on no node",
      reasons: [{ kind: 'dependency', text: 'it depends on no node' }],
    });
    expect(await texts(executor, 'r', 'b')).toEqual([
      "all that it depends on succeeded: 'a'",
      'its condition was true: outputs.a.ok',
    ]);
  });

  it('was skipped: back to what failed in the beginning', async () => {
    const { executor } = await setup();
    executor.add({
      name: 'g',
      nodes: [
        { id: 'a', action: 'fail', failure: 'tidy', tryCount: 2 },
        { id: 'b', action: 'work', dependencies: ['a'] },
        { id: 'c', action: 'work', dependencies: ['b'] },
        { id: 'never', action: 'work', when: 'inputs.missing == 1 || false' },
        { id: 'off', action: 'work', enabled: false },
        { id: 'after', action: 'work', dependencies: ['off'] },
      ],
    });
    await executor.run('g', { runId: 'r', inputs: { missing: 2 } });
    expect((await executor.explain('r', 'c')).summary).toBe(
      "'c' was skipped: 'b' was skipped, because 'a' failed: no luck",
    );
    expect((await texts(executor, 'r', 'a')).slice(0, 2)).toEqual([
      'no luck',
      "its failure action 'tidy' is succeeded",
    ]);
    expect((await executor.explain('r', 'a')).reasons.at(-1)?.text).toMatch(
      /^attempt 1 failed at .*: no luck$/,
    );
    expect((await executor.explain('r', 'never')).summary).toBe(
      "'never' was skipped: its condition was false: inputs.missing == 1 || false",
    );
    expect((await executor.explain('r', 'after')).summary).toBe(
      "'after' was skipped: 'off' is disabled",
    );
  });

  it('waits: for a person, for what waits for a person, for a paused branch', async () => {
    const { executor } = await setup();
    executor.add({
      name: 'g',
      nodes: [
        { id: 'ask', action: 'human_interrupt', inputs: [{ name: 'prompt', value: 'Well?' }] },
        { id: 'then', action: 'work', dependencies: ['ask'] },
        { id: 'held', action: 'work' },
      ],
    });
    const handle = await executor.start('g', { runId: 'r' });
    await handle.send({ type: 'PauseBranch', branchId: 'held', reason: 'look first' });
    await handle.done;
    expect((await executor.explain('r', 'ask')).summary).toMatch(
      /^'ask' waits for a person: it asks since .*: Well\?$/,
    );
    expect(await texts(executor, 'r', 'then')).toEqual([
      "'ask' is waiting",
      'the run ended as paused',
    ]);
    expect(await texts(executor, 'r', 'held')).toContain(
      "the branch of 'held' is paused: look first",
    );
    await executor.approve('r', 'ask', { by: 'ann' });
    await executor.resume('r');
    expect(await texts(executor, 'r', 'ask')).toContain("it was answered with 'approve' by ann");
  });

  it('is there: the node on whose account a hook added it', async () => {
    const { executor } = await setup();
    executor.add({ name: 'g', nodes: [{ id: 'a', action: 'work' }] });
    await executor.run('g', {
      runId: 'r',
      hooks: [
        {
          events: ['NodeCompleted'],
          handle: (_, event) =>
            event.type === 'NodeCompleted' && event.nodeId === 'a'
              ? [{ type: 'AddNode', spec: { id: 'child', action: 'work', deps: ['a'] } }]
              : [],
        },
      ],
    });
    expect(await texts(executor, 'r', 'child')).toContain("a hook added it on account of 'a'");
  });

  it('hit or missed the results of earlier runs, and which part of the key was another', async () => {
    const { executor, open, clock } = await setup();
    const graph = {
      name: 'g',
      nodes: [
        {
          id: 'a',
          action: 'work',
          inputs: [
            { name: 'x', reference: 'inputs.x' },
            { name: 'y', value: 1 },
          ],
          cacheStrategy: { ttl: 60 },
        },
      ],
    } as const;
    executor.add(graph);
    const run = async (on: DagExecutor, runId: string, x: number): Promise<string> => {
      await on.run('g', { runId, inputs: { x } });
      await clock.advance(1_000);
      const { reasons } = await on.explain(runId, 'a');
      return reasons.find(({ kind }) => kind === 'cache')?.text ?? '';
    };
    const miss = 'no result of an earlier run has its key';
    expect(await run(executor, 'r1', 1)).toBe(`${miss}: it is the first of this node`);
    expect(await run(executor, 'r2', 1)).toBe(
      'the same action ran with the same inputs before, so its outputs were used',
    );
    expect((await executor.explain('r2', 'a')).summary).toMatch(
      /^'a' took the outputs of an earlier run/,
    );
    expect(await run(executor, 'r3', 2)).toBe(`${miss}: input 'x' changed`);
    const newer = await open('2');
    newer.add(graph);
    expect(await run(newer, 'r4', 2)).toBe(`${miss}: the version of the action was '1' and is '2'`);
    await clock.advance(120_000);
    expect(await run(newer, 'r5', 2)).toBe(
      'there was a result of an earlier run, and it was older than the ttl of the node',
    );
  });

  it('only where there is such a node', async () => {
    const { executor } = await setup();
    executor.add({ name: 'g', nodes: [{ id: 'a', action: 'work' }] });
    await executor.run('g', { runId: 'r' });
    await expect(executor.explain('r', 'b')).rejects.toMatchObject({
      code: 'RUN_UNKNOWN',
      message: "run 'r' has no node 'b'",
    });
    await expect(executor.explain('s', 'a')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
  });
});
