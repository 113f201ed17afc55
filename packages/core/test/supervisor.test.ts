import { describe, expect, it } from 'vitest';
import { ActionRegistry } from '../src/actions/registry.ts';
import type { AnyAction } from '../src/actions/action.ts';
import type { DagConfigInput } from '../src/config/model.ts';
import { DagExecutor } from '../src/executor/executor.ts';
import { NodeSpec } from '../src/run/commands.ts';
import type { Plan, PlanContext } from '../src/supervisor/plan.ts';
import { defineSupervisor } from '../src/supervisor/supervisor.ts';
import { flowOutputs } from '../src/supervisor/task.ts';
import { gate } from './gate.ts';

type Planner = (ctx: PlanContext) => Plan | Promise<Plan>;

const actions: readonly AnyAction[] = [
  { name: 'double', execute: ({ inputs }: { inputs: { n: number } }) => ({ n: inputs.n * 2 }) },
  {
    name: 'broken',
    execute: () => {
      throw new Error('no luck');
    },
  },
  {
    name: 'info_retrieval',
    execute: ({ inputs }: { inputs: { about?: string } }) => ({ found: inputs.about ?? 'nothing' }),
  },
];

const setup = async (
  planner: Planner,
  config: DagConfigInput = {},
  more: readonly AnyAction[] = [],
): Promise<{ readonly executor: DagExecutor; readonly asked: PlanContext[] }> => {
  const asked: PlanContext[] = [];
  const supervisor = defineSupervisor({
    plan: (ctx) => {
      asked.push(ctx);
      return planner(ctx);
    },
  });
  const known = [...actions, ...more];
  const executor = await DagExecutor.open({
    registry: new ActionRegistry(known),
    supervisor,
    config: { maxAttempts: 1, ...config },
  });
  return { executor, asked };
};

const double = (id: string, n: number): NodeSpec => new NodeSpec('double', { id, inputs: { n } });

describe('a flow from a task alone', () => {
  it('grows what its planner plans, until the planner is done', async () => {
    const { executor, asked } = await setup(({ iteration, results }) => {
      if (iteration === 1) return { nodes: [double('a', 1), double('b', 2)] };
      if (iteration === 2)
        return {
          nodes: [
            {
              id: 'c',
              action: 'double',
              deps: ['a'],
              inputs: [{ name: 'n', reference: 'a.n' }],
            },
          ],
        };
      return { done: true, outputs: { all: Object.values(results).map(({ n }) => n as number) } };
    });
    const report = await executor.executeDag({ task: 'double it', inputs: { by: 'me' } });
    expect(report).toMatchObject({ status: 'succeeded', dag: 'agent_flow' });
    expect(Object.keys(report.nodes)).toEqual([
      'supervisor_1',
      'a',
      'b',
      'supervisor_2',
      'c',
      'supervisor_3',
    ]);
    expect(flowOutputs(report)).toEqual({ all: [2, 4, 4] });
    expect(asked.map(({ task, iteration, inputs }) => [task, iteration, inputs])).toEqual(
      [1, 2, 3].map((i) => ['double it', i, { by: 'me' }]),
    );
    expect(asked[1]?.results).toEqual({ a: { n: 2 }, b: { n: 4 } });
  });

  it('needs somebody who plans it', async () => {
    const executor = await DagExecutor.open({ registry: new ActionRegistry(actions) });
    await expect(executor.executeDag({ task: 'x' })).rejects.toMatchObject({
      code: 'SUPERVISOR_MISSING',
      message: expect.stringContaining('defineSupervisor'),
    });
    const supervisor = defineSupervisor({ plan: () => ({ done: true, outputs: { ok: true } }) });
    const report = await executor.executeDag({ task: 'x', supervisor, name: 'mine' });
    expect(report).toMatchObject({ status: 'succeeded', dag: 'mine' });
    expect(flowOutputs(report)).toEqual({ ok: true });
  });

  it('takes no task that is empty', async () => {
    const { executor } = await setup(() => ({ done: true }));
    await expect(executor.executeDag({ task: ' ' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});

describe('a graph with a supervisor_step', () => {
  it('is bootstrapped by it, with a task from its inputs, and the ids that the graph took are left alone', async () => {
    const { executor, asked } = await setup(({ iteration, task }) =>
      iteration === 1
        ? { nodes: [{ action: 'double', inputs: { n: task.length } }] }
        : { done: true },
    );
    executor.add({
      name: 'g',
      nodes: [
        { id: 'supervisor_2', action: 'double', inputs: [{ name: 'n', value: 5 }] },
        { id: 'double_1', action: 'double', inputs: [{ name: 'n', value: 5 }] },
        {
          id: 'lead',
          action: 'supervisor_step',
          dependencies: ['double_1'],
          inputs: [
            { name: 'task', reference: 'inputs.what' },
            { name: 'ten', reference: 'double_1.n' },
          ],
        },
      ],
    });
    const report = await executor.executeDag('g', { inputs: { what: 'abc' } });
    expect(report.status).toBe('succeeded');
    expect(Object.keys(report.nodes).slice(3)).toEqual(['double_1_2', 'supervisor_2_2']);
    expect(report.nodes['double_1_2']?.outputs).toEqual({ n: 6 });
    expect(asked[1]?.inputs).toEqual({ what: 'abc', ten: 10 });
  });
});

describe('a failure of what was planned', () => {
  const broken: Plan = {
    nodes: [
      { id: 'x', action: 'broken' },
      { id: 'y', action: 'double', deps: ['x'], inputs: { n: 1 } },
      double('z', 1),
    ],
  };

  it.each(['pause', 'stop', 'continue'] as const)(
    'comes back to the planner, who may go on without it, also with on_failure: %s',
    async (onFailure) => {
      const { executor, asked } = await setup(
        ({ iteration }) => (iteration === 1 ? broken : { done: true }),
        { onFailure },
      );
      const report = await executor.executeDag({ task: 't' });
      expect(asked[1]?.failures).toEqual([
        {
          nodeId: 'x',
          status: 'failed',
          error: expect.objectContaining({ message: 'no luck' }),
          reason: null,
        },
        { nodeId: 'y', status: 'skipped', error: null, reason: 'dependency-failed' },
      ]);
      expect(asked[1]?.results).toEqual({ z: { n: 2 } });
      expect(report).toMatchObject({ status: 'succeeded', counts: { failed: 1, skipped: 1 } });
    },
  );

  it('fails the run when the planner fails too', async () => {
    const { executor } = await setup(
      ({ iteration }) => {
        if (iteration === 1) return broken;
        throw new Error('at a loss');
      },
      { onFailure: 'continue' },
    );
    expect(await executor.executeDag({ task: 't' })).toMatchObject({
      status: 'failed',
      error: { message: 'no luck' },
    });
  });
});

describe('a plan that does not fit', () => {
  it.each<[string, unknown, string]>([
    ['names an unknown action', { nodes: [{ action: 'doubel' }] }, "did you mean 'double'"],
    ['names an unknown node', { nodes: [double('q', 1).withDeps('nobody')] }, 'nobody'],
    ['takes an id twice', { nodes: [double('a', 1)] }, "'a'"],
    [
      'has a cycle',
      {
        nodes: [double('p', 1).withDeps('q'), double('q', 1).withDeps('p')],
      },
      'cycle',
    ],
    [
      'has a key that nodes do not have',
      { nodes: [{ action: 'double', dependencies: [] }] },
      'deps',
    ],
    ['plans the next step itself', { nodes: [{ action: 'supervisor_step' }] }, 'comes by itself'],
    ['is no list of nodes', { nodes: 7 }, 'nodes must be a list'],
    ['has a node that is none', { nodes: [null] }, 'nodes[0]'],
    ['is nothing', undefined, 'undefined is not a JSON value'],
    ['is a text', 'done', 'a plan is an object'],
    ['is no JSON', { outputs: { f: () => {} } }, 'JSON'],
    ['is done and not', { done: true, nodes: [double('q', 1)] }, 'done has no nodes'],
    ['adds nothing', {}, 'adds nothing'],
    ['has a key that plans do not have', { steps: [] }, "no 'steps'"],
  ])('and %s is told to the planner, who may mend it', async (_, bad, problem) => {
    const { executor, asked } = await setup(({ iteration }) => {
      if (iteration === 1) return { nodes: [double('a', 1)] };
      return iteration === 2 ? (bad as Plan) : { done: true };
    });
    const report = await executor.executeDag({ task: 't' });
    expect(report.status).toBe('succeeded');
    expect(Object.keys(report.nodes)).toEqual([
      'supervisor_1',
      'a',
      'supervisor_2',
      'supervisor_3',
    ]);
    expect(asked[1]?.problems).toEqual([]);
    expect(asked[2]?.problems).toEqual([expect.stringContaining(problem)]);
    expect(asked[2]?.results).toEqual({ a: { n: 2 } });
  });

  it('ends the flow at max_iterations when nobody mends it', async () => {
    const { executor, asked } = await setup(() => ({ nodes: [{ action: 'nothing' }] }), {
      maxIterations: 3,
    });
    const report = await executor.executeDag({ task: 't' });
    expect(report.status).toBe('limit_reached');
    expect(asked).toHaveLength(3);
    expect(report.rejectedCommands).toHaveLength(3);
  });
});

describe('the limits of a run', () => {
  const endless: Planner = ({ iteration, useTokens }) => {
    useTokens(10);
    return { nodes: [double(`n${iteration}`, iteration)] };
  };

  it('count iterations', async () => {
    const { executor, asked } = await setup(endless, { maxIterations: 4, reviewFrequency: null });
    expect(await executor.executeDag({ task: 't' })).toMatchObject({
      status: 'limit_reached',
      error: { message: expect.stringContaining('maxIterations') },
    });
    expect(asked).toHaveLength(4);
  });

  it('count the tokens of the planner', async () => {
    const { executor, asked } = await setup(endless, { maxTokens: 25, reviewFrequency: null });
    expect(await executor.executeDag({ task: 't' })).toMatchObject({
      status: 'limit_reached',
      error: { message: expect.stringContaining('maxTokens') },
    });
    expect(asked).toHaveLength(3);
  });

  it('tell the planner when its nodes are too many, and fail the run when no iteration fits any more', async () => {
    const { executor, asked } = await setup(endless, { maxNodes: 4, reviewFrequency: null });
    const report = await executor.executeDag({ task: 't' });
    expect(asked[2]?.problems).toEqual([expect.stringContaining('maxNodes')]);
    expect(report).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('maxNodes') },
    });
  });
});

describe('periodic review', () => {
  const planner: Planner = ({ iteration, answer }) =>
    iteration < 5
      ? { nodes: [double(`n${iteration}`, 1)] }
      : { done: true, outputs: { answer } as never };

  it('asks a person every reviewFrequency iterations, and the answer reaches the planner', async () => {
    const { executor, asked } = await setup(planner, { reviewFrequency: 2 });
    const paused = await executor.executeDag({ task: 't' }, { runId: 'r' });
    expect(paused).toMatchObject({ status: 'paused', waiting: [{ nodeId: 'human_review_2' }] });
    await executor.answer('r', 'human_review_2', { hint: 'shorter' });
    await executor.resume('r');
    await executor.approve('r', 'human_review_4', { by: 'Ann' });
    const report = await executor.resume('r');
    expect(report.status).toBe('succeeded');
    expect(asked.map(({ answer }) => answer?.decision ?? null)).toEqual([
      null,
      null,
      'answer',
      null,
      'approve',
    ]);
    expect(asked[2]?.answer?.data).toEqual({ hint: 'shorter' });
    expect(asked[2]?.results).toHaveProperty('n2');
    expect(asked[2]?.results).not.toHaveProperty('human_review_2');
    expect(flowOutputs(report)?.['answer']).toMatchObject({ approved: true, by: 'Ann' });
  });

  it('ends the flow as failed when it is rejected', async () => {
    const { executor, asked } = await setup(planner, { reviewFrequency: 2 });
    await executor.executeDag({ task: 't' }, { runId: 'r' });
    await executor.reject('r', 'human_review_2', { reason: 'enough' });
    expect(await executor.resume('r')).toMatchObject({
      status: 'failed',
      error: { code: 'REJECTED' },
      nodes: { supervisor_3: { status: 'skipped' } },
    });
    expect(asked).toHaveLength(2);
  });

  it('comes every five iterations unless the config says otherwise, and never with null', async () => {
    const five: Planner = ({ iteration }) =>
      iteration < 7 ? { nodes: [double(`n${iteration}`, 1)] } : { done: true };
    const first = await setup(five);
    expect((await first.executor.executeDag({ task: 't' })).waiting[0]?.nodeId).toBe(
      'human_review_5',
    );
    const second = await setup(five, { reviewFrequency: null });
    expect((await second.executor.executeDag({ task: 't' })).status).toBe('succeeded');
  });
});

describe('the queue of instructions', () => {
  const held = (): { planner: Planner; begun: Promise<void>; go: () => void } => {
    const begun = gate();
    const go = gate();
    const planner: Planner = async ({ iteration, instructions }) => {
      if (iteration === 1) {
        begun.open();
        await go.passed;
      }
      return iteration < 3 || instructions.length > 0
        ? { nodes: [double(`n${iteration}`, 1)] }
        : { done: true };
    };
    return { planner, begun: begun.passed, go: go.open };
  };

  it('is carried out once, by priority and then in the order of arrival, whatever is planned', async () => {
    const { planner, begun, go } = held();
    const { executor, asked } = await setup(planner);
    const run = executor.executeDag({ task: 't' }, { runId: 'r' });
    await begun;
    const info = (about: string, priority?: number) =>
      executor.instruct('r', {
        action: 'retrieve_info',
        params: { about },
        ...(priority === undefined ? {} : { priority }),
      });
    await info('low', -1);
    await info('first');
    await info('second');
    await info('urgent', 9);
    await executor.updateCache('r', 'instructions', '7', {
      action: 'retrieve_info',
      params: { about: 'third' },
    });
    go();
    const report = await run;
    expect(report.status).toBe('succeeded');
    expect(asked[1]?.instructions.map(({ params }) => params['about'])).toEqual([
      'urgent',
      'first',
      'second',
      'third',
      'low',
    ]);
    expect(asked[2]?.results).toMatchObject({
      info_retrieval_2: { found: 'urgent' },
      info_retrieval_2_2: { found: 'first' },
      info_retrieval_2_5: { found: 'low' },
    });
    const retrievals = Object.values(report.nodes).filter((n) => n.action === 'info_retrieval');
    expect(retrievals).toHaveLength(5);
  });

  it('records what is no instruction, and skips it', async () => {
    const { planner, begun, go } = held();
    const { executor, asked } = await setup(planner);
    const run = await executor.start(
      executor.add({
        name: 'g',
        nodes: [{ id: 's', action: 'supervisor_step', inputs: [{ name: 'task', value: 't' }] }],
      }),
      { runId: 'r' },
    );
    const bad = {
      shape: 'retrieve_info',
      action: { action: 'self_destruct' },
      params: { action: 'retrieve_info', params: [1] },
      priority: { action: 'retrieve_info', priority: 'high' },
      question: { action: 'human_review', params: { prompt: 7 } },
      key: { action: 'retrieve_info', parms: {} },
    };
    await begun;
    for (const [key, value] of Object.entries(bad))
      await executor.updateCache('r', 'instructions', key, value);
    await executor.instruct('r', { action: 'retrieve_info' }, 'good');
    go();
    const report = await run.done;
    expect(report.status).toBe('succeeded');
    expect(asked[1]?.instructions.map(({ key }) => key)).toEqual(['good']);
    const recorded = asked[2]?.cache.globalEntries('invalid_instructions') ?? [];
    expect(Object.fromEntries(recorded)).toEqual(
      Object.fromEntries(
        Object.entries(bad).map(([key, instruction]) => [
          key,
          { instruction, problem: expect.any(String) },
        ]),
      ),
    );
  });

  it('asks a person when somebody wants a review, and hands the answer to the planner', async () => {
    const { planner, begun, go } = held();
    const { executor, asked } = await setup(planner);
    const run = executor.executeDag({ task: 't' }, { runId: 'r' });
    await begun;
    await executor.instruct('r', { action: 'human_review', params: { prompt: 'Is it right?' } });
    go();
    expect(await run).toMatchObject({
      status: 'paused',
      waiting: [{ nodeId: 'human_check_2', prompt: 'Is it right?' }],
    });
    await executor.answer('r', 'human_check_2', 'yes');
    expect((await executor.resume('r')).status).toBe('succeeded');
    expect(asked[2]?.answer).toMatchObject({ decision: 'answer', data: 'yes' });
  });

  it('takes instructions of the plan too', async () => {
    const { executor, asked } = await setup(({ iteration }) =>
      iteration === 1
        ? {
            instructions: [
              { action: 'retrieve_info', params: { about: 'x' } },
              { action: 'dance' } as never,
            ],
          }
        : { done: true },
    );
    expect((await executor.executeDag({ task: 't' })).status).toBe('succeeded');
    expect(asked[1]?.results).toEqual({ info_retrieval_1: { found: 'x' } });
    expect(asked[1]?.cache.globalEntries('invalid_instructions')).toMatchObject([
      ['supervisor_1_2', { instruction: { action: 'dance' } }],
    ]);
  });

  it('is carried out also when the planner is done, and when it comes while the planner says so', async () => {
    const { executor, asked } = await setup(async ({ iteration, runId }) => {
      if (iteration === 1) void executor.instruct(runId, { action: 'retrieve_info' }, 'late');
      await new Promise((resolve) => setImmediate(resolve));
      return { done: true, outputs: { iteration } };
    });
    const report = await executor.executeDag({ task: 't' }, { runId: 'r' });
    expect(asked.map(({ instructions }) => instructions.length)).toEqual([0, 1, 0]);
    expect(report.nodes['info_retrieval_2']?.status).toBe('succeeded');
    expect(flowOutputs(report)).toEqual({ iteration: 3 });
  });

  it('survives a plan that does not fit', async () => {
    const { planner, begun, go } = held();
    const { executor, asked } = await setup((ctx) =>
      ctx.iteration === 2 ? { nodes: [{ action: 'nothing' }] } : planner(ctx),
    );
    const run = executor.executeDag({ task: 't' }, { runId: 'r' });
    await begun;
    await executor.instruct('r', { action: 'retrieve_info', params: { about: 'x' } });
    go();
    expect((await run).status).toBe('succeeded');
    expect(asked[2]?.results).toEqual({ n1: { n: 2 }, info_retrieval_2: { found: 'x' } });
    expect(asked[2]?.problems).toHaveLength(1);
  });

  it('cannot retrieve what no action retrieves', async () => {
    const supervisor = defineSupervisor({
      plan: ({ iteration }) =>
        iteration === 1 ? { instructions: [{ action: 'retrieve_info' }] } : { done: true },
    });
    const executor = await DagExecutor.open({ registry: new ActionRegistry(), supervisor });
    const run = await executor.executeDag({ task: 't' });
    expect(run.status).toBe('succeeded');
    expect(Object.keys(run.nodes)).toEqual(['supervisor_1', 'supervisor_2']);
  });
});

describe('defineSupervisor', () => {
  it('refuses what plans nothing, and bad settings', () => {
    expect(() => defineSupervisor({} as never)).toThrow('a supervisor needs plan');
    expect(() => defineSupervisor({ plan: () => ({}), timeout: -1 })).toThrow('timeout');
  });

  it('gives an action that takes no name from another', async () => {
    const supervisor = defineSupervisor({ plan: () => ({ done: true }) });
    const registry = new ActionRegistry([{ name: 'supervisor_step', execute: () => {} }]);
    await expect(DagExecutor.open({ registry, supervisor })).rejects.toMatchObject({
      code: 'ACTION_DUPLICATE',
    });
    await expect(
      DagExecutor.open({ registry: new ActionRegistry([supervisor.action]), supervisor }),
    ).resolves.toBeDefined();
  });
});
