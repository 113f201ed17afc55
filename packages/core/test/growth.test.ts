import { describe, expect, it } from 'vitest';
import type { AnyAction } from '../src/actions/action.ts';
import { ActionRegistry } from '../src/actions/registry.ts';
import type { DagConfigInput } from '../src/config/model.ts';
import { DagExecutor } from '../src/executor/executor.ts';
import type { NodeDefinition } from '../src/graph/model.ts';
import type { EventHook } from '../src/hooks/hook.ts';
import type { JsonObject } from '../src/json.ts';
import { NodeSpec, type ExecutorCommand } from '../src/run/commands.ts';
import type { ExecutionEvent } from '../src/run/public-events.ts';
import type { RunReport } from '../src/run/report.ts';
import { ManualClock } from './clock.ts';
import { gate } from './gate.ts';

interface Ran {
  readonly id: string;
  readonly inputs: JsonObject;
}

interface Setup {
  readonly hooks?: readonly EventHook[];
  readonly nodes?: readonly NodeDefinition[];
  readonly actions?: readonly AnyAction[];
  readonly config?: DagConfigInput;
}

const setup = async ({
  hooks = [],
  nodes = [
    { id: 'a', action: 'ok' },
    { id: 'b', action: 'ok', dependencies: ['a'] },
  ],
  actions = [],
  config,
}: Setup): Promise<{
  readonly executor: DagExecutor;
  readonly events: ExecutionEvent[];
  readonly ran: Ran[];
  readonly report: RunReport;
}> => {
  const clock = new ManualClock();
  const ran: Ran[] = [];
  const events: ExecutionEvent[] = [];
  const registry = new ActionRegistry([
    {
      name: 'ok',
      execute: ({ nodeId, inputs }) => {
        ran.push({ id: nodeId, inputs });
        return { from: nodeId };
      },
    },
    {
      name: 'broken',
      execute: () => {
        throw new Error('broken');
      },
    },
    ...actions,
  ]);
  const executor = await DagExecutor.open({
    registry,
    clock,
    config: { maxAttempts: 1, onFailure: 'continue', ...config },
  });
  executor.add({ name: 'g', nodes });
  const run = await executor.start('g', { hooks, runId: 'r' });
  run.events.subscribe((event) => void events.push(event));
  return { executor, events, ran, report: await clock.drive(run.done) };
};

const ids = (ran: readonly Ran[]): string[] => ran.map(({ id }) => id);
/** A hook that answers the start with the commands. */
const atStart = (...commands: unknown[]): EventHook => ({
  name: 'planner',
  onStart: () => commands as ExecutorCommand[],
});
/** A hook that answers the completion of a node with the commands. */
const after = (nodeId: string, ...commands: unknown[]): EventHook => ({
  name: 'planner',
  events: ['NodeCompleted'],
  handle: (_, event) =>
    event.type === 'NodeCompleted' && event.nodeId === nodeId
      ? (commands as ExecutorCommand[])
      : [],
});
const add = (id: string, ...deps: string[]): ExecutorCommand => ({
  type: 'AddNode',
  spec: { id, action: 'ok', deps },
});

describe('adding a node', () => {
  it('to a dependency that has succeeded starts it at once', async () => {
    const { ran, report } = await setup({ hooks: [after('b', add('c', 'a'))] });
    expect(ids(ran)).toEqual(['a', 'b', 'c']);
    expect(report).toMatchObject({ status: 'succeeded', counts: { total: 3, succeeded: 3 } });
  });

  it('gives it the outputs of its dependencies by reference', async () => {
    const spec = {
      id: 'c',
      action: 'ok',
      deps: ['a'],
      inputs: [{ name: 'x', reference: 'a.from' }],
    };
    const { ran } = await setup({ hooks: [after('a', { type: 'AddNode', spec })] });
    expect(ran.find(({ id }) => id === 'c')?.inputs).toEqual({ x: 'a' });
  });

  it('to a dependency that has failed skips it', async () => {
    const hook: EventHook = {
      events: ['NodeFailed'],
      handle: () => [add('c', 'a'), add('d', 'c')],
    };
    const { report } = await setup({ nodes: [{ id: 'a', action: 'broken' }], hooks: [hook] });
    expect(report.nodes['c']).toMatchObject({ status: 'skipped', reason: 'dependency-failed' });
    expect(report.nodes['d']).toMatchObject({ status: 'skipped', reason: 'dependency-skipped' });
    expect(report.counts).toMatchObject({ total: 3, failed: 1, skipped: 2 });
  });

  it('to a dependency that was skipped skips it, unless the dependency is optional', async () => {
    const hook: EventHook = {
      events: ['NodeSkipped'],
      handle: (_, event) =>
        event.type === 'NodeSkipped' && event.nodeId === 'b'
          ? [
              add('c', 'b'),
              {
                type: 'AddNode',
                spec: { id: 'd', action: 'ok', deps: [{ id: 'b', optional: true }] },
              },
            ]
          : [],
    };
    const { report, ran } = await setup({
      nodes: [
        { id: 'a', action: 'broken' },
        { id: 'b', action: 'ok', dependencies: ['a'] },
      ],
      hooks: [hook],
    });
    expect(report.nodes['c']).toMatchObject({ status: 'skipped', reason: 'dependency-skipped' });
    expect(ids(ran)).toEqual(['d']);
  });

  it('to a dependency that still runs waits for it', async () => {
    const release = gate();
    const slow: AnyAction = { name: 'slow', execute: async () => release.passed };
    const hook: EventHook = {
      events: ['NodeStarted'],
      handle: (_, event) => {
        if (event.type !== 'NodeStarted' || event.nodeId !== 's') return [];
        setImmediate(() => release.open());
        return [add('c', 's')];
      },
    };
    const { ran, events } = await setup({
      nodes: [{ id: 's', action: 'slow' }],
      actions: [slow],
      hooks: [hook],
    });
    expect(ids(ran)).toEqual(['c']);
    const at = (type: string, nodeId: string): number =>
      events.findIndex(
        (event) => event.type === type && 'nodeId' in event && event.nodeId === nodeId,
      );
    expect(at('NodeCompleted', 's')).toBeLessThan(at('NodeStarted', 'c'));
    expect(events.findIndex(({ type }) => type === 'NodesAdded')).toBeLessThan(
      at('NodeCompleted', 's'),
    );
  });

  it('without an id makes one, different each time and from every other', async () => {
    const spec = { action: 'ok' };
    const { report } = await setup({
      nodes: [{ id: 'ok_1', action: 'ok' }],
      hooks: [atStart(...Array.from({ length: 3 }, () => ({ type: 'AddNode', spec })))],
    });
    expect(new Set(Object.keys(report.nodes)).size).toBe(4);
    expect(report.status).toBe('succeeded');
  });

  it('takes specs made step by step, each step a spec of its own', async () => {
    const base = new NodeSpec('ok').withDeps('a');
    const c = base.withId('c').withInputs({ x: 1 }).withTimeout(9).withDuration(4).withTryCount(2);
    expect(base.id).toBeUndefined();
    const { ran, executor } = await setup({
      hooks: [after('a', { type: 'AddNodes', specs: [c, base.withId('d')] })],
    });
    expect(ids(ran).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(ran.find(({ id }) => id === 'c')?.inputs).toEqual({ x: 1 });
    const grown = (await executor.runGraph('r')).nodes.find(({ id }) => id === 'c');
    expect(grown).toMatchObject({ timeout: 9, duration: 4, tryCount: 2, dependencies: ['a'] });
  });

  it('adds several that depend on each other, whatever their order', async () => {
    const { ran } = await setup({
      hooks: [
        atStart({
          type: 'AddNodes',
          specs: [
            { id: 'd', action: 'ok', deps: ['c'] },
            { id: 'c', action: 'ok', deps: ['b'] },
          ],
        }),
      ],
    });
    expect(ids(ran)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('never touches the loaded graph, which other runs use', async () => {
    const { executor } = await setup({ hooks: [atStart(add('c'))] });
    expect(executor.getDag('g').nodes.map(({ id }) => id)).toEqual(['a', 'b']);
    expect((await executor.run('g')).counts.total).toBe(2);
    expect((await executor.runGraph('r')).nodes.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('may go on for a thousand steps', async () => {
    const hook: EventHook = {
      events: ['NodeCompleted'],
      handle: (_, event) =>
        event.type === 'NodeCompleted' && event.nodeId !== 'n1000'
          ? [add(`n${Number(event.nodeId.slice(1)) + 1}`, event.nodeId)]
          : [],
    };
    expect(
      (await setup({ nodes: [{ id: 'n0', action: 'ok' }], hooks: [hook] })).report.counts,
    ).toMatchObject({ total: 1_001, succeeded: 1_001 });
  });

  it('at the end makes the run go on, and the hook is asked again', async () => {
    const asked: boolean[] = [];
    const hook: EventHook = {
      onComplete: (_, success) => {
        asked.push(success);
        return asked.length <= 2 ? [add(`extra${asked.length}`)] : [];
      },
    };
    const { ran, report } = await setup({ hooks: [hook] });
    expect(ids(ran)).toEqual(['a', 'b', 'extra1', 'extra2']);
    expect(asked).toEqual([true, true, true]);
    expect(report.status).toBe('succeeded');
  });
});

describe('a command that cannot be carried out', () => {
  it.each<[string, unknown, string]>([
    ['a dependency that does not exist', add('c', 'nobody'), 'nobody'],
    ['an id that is taken', add('a'), "'a'"],
    [
      'an action that is not registered',
      { type: 'AddNode', spec: { id: 'c', action: 'okay' } },
      "'okay' is not registered; did you mean 'ok'?",
    ],
    [
      'an id that no node may have',
      { type: 'AddNode', spec: { id: 'inputs', action: 'ok' } },
      'names the inputs of the run',
    ],
    ['a spec without an action', { type: 'AddNode', spec: { id: 'c' } }, 'action'],
    ['no spec', { type: 'AddNode' }, 'a node spec is an object with an action'],
    [
      'a wrong duration',
      { type: 'AddNode', spec: { id: 'c', action: 'ok', duration: 0 } },
      'duration',
    ],
    [
      'a wrong timeout',
      { type: 'AddNode', spec: { id: 'c', action: 'ok', timeout: -1 } },
      'timeout',
    ],
    [
      'a wrong number of attempts',
      { type: 'AddNode', spec: { id: 'c', action: 'ok', tryCount: 0 } },
      'tryCount',
    ],
    [
      'dependencies that are no list',
      { type: 'AddNode', spec: { id: 'c', action: 'ok', deps: 'a' } },
      'dependencies',
    ],
    [
      'inputs that are not JSON',
      { type: 'AddNode', spec: { id: 'c', action: 'ok', inputs: { f: () => 1 } } },
      'not a JSON value',
    ],
    [
      'a reference to a node that does not come before',
      {
        type: 'AddNode',
        spec: { id: 'c', action: 'ok', inputs: [{ name: 'x', reference: 'b.out' }] },
      },
      'b',
    ],
    ['a node that depends on itself', add('c', 'c'), 'c'],
    [
      'a cycle among new nodes',
      {
        type: 'AddNodes',
        specs: [
          { id: 'c', action: 'ok', deps: ['d'] },
          { id: 'd', action: 'ok', deps: ['c'] },
        ],
      },
      'c',
    ],
    [
      'one bad node among good ones',
      {
        type: 'AddNodes',
        specs: [
          { id: 'c', action: 'ok' },
          { id: 'd', action: 'nope' },
          { id: 'e', action: 'ok' },
        ],
      },
      "'nope'",
    ],
    [
      'the same id twice',
      {
        type: 'AddNodes',
        specs: [
          { id: 'c', action: 'ok' },
          { id: 'c', action: 'ok' },
        ],
      },
      "'c'",
    ],
    ['no nodes', { type: 'AddNodes', specs: [] }, 'at least one node'],
    [
      'nodes that are no list',
      { type: 'AddNodes', specs: { id: 'c', action: 'ok' } },
      'at least one node',
    ],
    [
      'inputs for a node that does not exist',
      { type: 'SetNodeInputs', nodeId: 'z', inputs: {} },
      "there is no node 'z'",
    ],
    [
      'inputs that are a list',
      { type: 'SetNodeInputs', nodeId: 'a', inputs: [] },
      'inputs must be an object',
    ],
    [
      'a branch that does not exist',
      { type: 'PauseBranch', branchId: 'z' },
      "there is no node 'z'",
    ],
    [
      'resuming what is not paused',
      { type: 'ResumeBranch', branchId: 'a' },
      "branch 'a' is not paused",
    ],
    ['cancelling what does not exist', { type: 'CancelBranch', branchId: 7 }, 'there is no node 7'],
    [
      'enabling what does not exist',
      { type: 'EnableNodes', nodeIds: ['a', 'z'] },
      "there is no node 'z'",
    ],
    ['disabling no list', { type: 'DisableNodes', nodeIds: 'a' }, 'nodeIds must be a list'],
    [
      'an event that is not JSON',
      { type: 'EmitEvent', event: { at: new Date(0) } },
      'a Date is not a JSON value',
    ],
    ['an event that is missing', { type: 'EmitEvent' }, 'not a JSON value'],
    ['an unknown type', { type: 'Explode' }, "there is no command 'Explode'"],
    ['no type', {}, 'there is no command'],
    ['null', null, "there is no command 'null'"],
    ['a text', 'AddNode', "there is no command 'AddNode'"],
    ['an object without a prototype', Object.create(null), ''],
  ])(
    '%s: it is told as an event and in the report, nothing changes, and the run goes on',
    async (_, command, reason) => {
      const { events, report, ran, executor } = await setup({
        hooks: [atStart(command, add('good', 'b'))],
      });
      const rejected = events.filter((event) => event.type === 'CommandRejected');
      expect(rejected).toHaveLength(1);
      expect(rejected[0]).toMatchObject({
        by: 'planner',
        error: { message: expect.stringContaining(reason) },
      });
      expect(report.rejectedCommands).toMatchObject([
        {
          by: 'planner',
          at: '2026-01-01T00:00:00.000Z',
          error: { message: expect.stringContaining(reason) },
        },
      ]);
      expect(JSON.parse(JSON.stringify(events))).toBeDefined();
      expect(report.status).toBe('succeeded');
      expect(ids(ran)).toEqual(['a', 'b', 'good']);
      expect((await executor.runGraph('r')).nodes.map(({ id }) => id)).toEqual(['a', 'b', 'good']);
    },
  );

  it('leaves its ids free for the next', async () => {
    const { ran, report } = await setup({
      hooks: [
        atStart(
          {
            type: 'AddNodes',
            specs: [
              { id: 'c', action: 'ok', deps: ['a'] },
              { id: 'd', action: 'nope', deps: ['c'] },
            ],
          },
          add('c', 'b'),
          add('d', 'c'),
        ),
      ],
    });
    expect(ids(ran)).toEqual(['a', 'b', 'c', 'd']);
    expect(report.rejectedCommands).toHaveLength(1);
  });

  it('because it comes too late names the status of the node', async () => {
    const { report } = await setup({
      hooks: [
        after(
          'b',
          { type: 'SetNodeInputs', nodeId: 'a', inputs: {} },
          { type: 'DisableNodes', nodeIds: ['a'] },
          { type: 'CancelBranch', branchId: 'b' },
        ),
      ],
    });
    expect(report.rejectedCommands.map(({ error }) => error.message)).toEqual([
      "SetNodeInputs: node 'a' is succeeded already",
      "DisableNodes: node 'a' is succeeded already",
      "CancelBranch: everything in branch 'b' has ended already",
    ]);
  });
});

describe('inputs set by a command', () => {
  it('go over those of the definition, and later ones over earlier ones', async () => {
    const nodes = [
      {
        id: 'a',
        action: 'ok',
        inputs: [
          { name: 'x', value: 1 },
          { name: 'y', value: 2 },
        ],
      },
    ];
    const set = (inputs: JsonObject): ExecutorCommand => ({
      type: 'SetNodeInputs',
      nodeId: 'a',
      inputs,
    });
    const { ran } = await setup({ nodes, hooks: [atStart(set({ y: 3, z: 4 }), set({ z: 5 }))] });
    expect(ran).toEqual([{ id: 'a', inputs: { x: 1, y: 3, z: 5 } }]);
  });

  it('stand in for a reference that leads nowhere', async () => {
    const nodes = [{ id: 'a', action: 'ok', inputs: [{ name: 'x', reference: 'inputs.absent' }] }];
    const { ran } = await setup({
      nodes,
      hooks: [atStart({ type: 'SetNodeInputs', nodeId: 'a', inputs: { x: 1 } })],
    });
    expect(ran[0]?.inputs).toEqual({ x: 1 });
  });
});

describe('enabling and disabling', () => {
  it('a disabled node is skipped when its turn comes, and so are nodes that need it', async () => {
    const { report } = await setup({
      hooks: [atStart({ type: 'DisableNodes', nodeIds: ['b'] }, add('c', 'b'))],
    });
    expect(report.nodes['b']).toMatchObject({ status: 'skipped', reason: 'disabled' });
    expect(report.nodes['c']).toMatchObject({ status: 'skipped', reason: 'dependency-skipped' });
    expect(report.status).toBe('succeeded');
  });

  it('a node that could start at once can be disabled before it does', async () => {
    const { report, ran } = await setup({
      hooks: [atStart({ type: 'DisableNodes', nodeIds: ['a'] })],
    });
    expect(report.rejectedCommands).toEqual([]);
    expect(ran).toEqual([]);
    expect(report.nodes['a']).toMatchObject({ status: 'skipped', reason: 'disabled' });
  });

  it('a node that waits for a slot can be disabled', async () => {
    const nodes = ['a', 'b', 'c'].map((id) => ({ id, action: 'ok' }));
    const { report, ran } = await setup({
      nodes,
      config: { maxParallelNodes: 1 },
      hooks: [after('a', { type: 'DisableNodes', nodeIds: ['c'] })],
    });
    expect(report.rejectedCommands).toEqual([]);
    expect(ids(ran)).toEqual(['a', 'b']);
    expect(report.nodes['c']?.status).toBe('skipped');
  });

  it('a node that is defined as disabled runs when it is enabled in time', async () => {
    const nodes = [
      { id: 'a', action: 'ok' },
      { id: 'b', action: 'ok', dependencies: ['a'], enabled: false },
    ];
    expect(ids((await setup({ nodes })).ran)).toEqual(['a']);
    expect(
      ids(
        (await setup({ nodes, hooks: [after('a', { type: 'EnableNodes', nodeIds: ['b'] })] })).ran,
      ),
    ).toEqual(['a', 'b']);
  });

  it('a first node that is defined as disabled runs when it is enabled at the start', async () => {
    const { ran } = await setup({
      nodes: [{ id: 'a', action: 'ok', enabled: false }],
      hooks: [atStart({ type: 'EnableNodes', nodeIds: ['a'] })],
    });
    expect(ids(ran)).toEqual(['a']);
  });

  it('the latest command counts', async () => {
    const { ran } = await setup({
      hooks: [
        atStart({ type: 'DisableNodes', nodeIds: ['b'] }, { type: 'EnableNodes', nodeIds: ['b'] }),
      ],
    });
    expect(ids(ran)).toEqual(['a', 'b']);
  });
});

describe('an event that a hook emits', () => {
  it('is seen by all hooks and by watchers', async () => {
    const told: unknown[] = [];
    const listener: EventHook = {
      events: ['CustomEvent'],
      handle: (_, event) => void told.push(event.type === 'CustomEvent' ? event.event : undefined),
    };
    const { events } = await setup({
      hooks: [after('a', { type: 'EmitEvent', event: { phase: 2 } }), listener],
    });
    expect(told).toEqual([{ phase: 2 }]);
    expect(events.filter(({ type }) => type === 'CustomEvent')).toMatchObject([
      { runId: 'r', dagName: 'g', event: { phase: 2 } },
    ]);
  });

  it('may lead to further commands', async () => {
    const listener: EventHook = { events: ['CustomEvent'], handle: () => [add('c', 'a')] };
    expect(
      ids(
        (await setup({ hooks: [after('b', { type: 'EmitEvent', event: 'more' }), listener] })).ran,
      ),
    ).toEqual(['a', 'b', 'c']);
  });
});

describe('a branch', () => {
  it('that is paused holds its node and everything downstream, nodes added to it included; the run ends paused', async () => {
    const nodes = [
      { id: 'a', action: 'ok' },
      { id: 'b', action: 'ok', dependencies: ['a'] },
      { id: 'c', action: 'ok', dependencies: ['b'] },
      { id: 'x', action: 'ok' },
      { id: 'join', action: 'ok', dependencies: ['c', 'x'] },
    ];
    const { ran, report } = await setup({
      nodes,
      hooks: [
        atStart(
          { type: 'PauseBranch', branchId: 'b', reason: 'ask' },
          add('d', 'c'),
          add('e', 'x'),
        ),
      ],
    });
    expect(ids(ran).toSorted()).toEqual(['a', 'e', 'x']);
    expect(report).toMatchObject({ status: 'paused', success: false });
    for (const id of ['b', 'c', 'd', 'join']) expect(report.nodes[id]?.attempts).toBe(0);
  });

  it('that is resumed goes on', async () => {
    const hook: EventHook = {
      ...atStart({ type: 'PauseBranch', branchId: 'b' }),
      onComplete: (_, success) => (success ? [] : [{ type: 'ResumeBranch', branchId: 'b' }]),
    };
    const { ran, report, events } = await setup({ hooks: [hook] });
    expect(ids(ran)).toEqual(['a', 'b']);
    expect(report.status).toBe('succeeded');
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['BranchPaused', 'BranchResumed']),
    );
  });

  it('that is paused twice over needs both to be resumed', async () => {
    const nodes = [
      { id: 'a', action: 'ok' },
      { id: 'b', action: 'ok', dependencies: ['a'] },
    ];
    const asked: number[] = [];
    const hook: EventHook = {
      ...atStart({ type: 'PauseBranch', branchId: 'a' }, { type: 'PauseBranch', branchId: 'b' }),
      onComplete: () => {
        asked.push(1);
        return asked.length === 1 ? [{ type: 'ResumeBranch', branchId: 'a' }] : [];
      },
    };
    const { ran, report } = await setup({ nodes, hooks: [hook] });
    expect(ids(ran)).toEqual(['a']);
    expect(report.status).toBe('paused');
  });

  it('that is paused while its node runs: the node ends, and nothing after it starts', async () => {
    const release = gate();
    const slow: AnyAction = {
      name: 'slow',
      execute: async () => {
        await release.passed;
        return { done: true };
      },
    };
    const nodes = [
      { id: 's', action: 'slow' },
      { id: 'b', action: 'ok', dependencies: ['s'] },
    ];
    const hook: EventHook = {
      events: ['NodeStarted'],
      handle: () => {
        setImmediate(() => release.open());
        return [{ type: 'PauseBranch', branchId: 's' }];
      },
    };
    const { ran, report } = await setup({ nodes, actions: [slow], hooks: [hook] });
    expect(report.nodes['s']).toMatchObject({ status: 'succeeded', outputs: { done: true } });
    expect(ran).toEqual([]);
    expect(report.status).toBe('paused');
  });

  it('that is cancelled aborts what runs in it, and leaves the rest alone', async () => {
    const reasons: unknown[] = [];
    const release = gate();
    const wait: AnyAction = {
      name: 'wait',
      execute: async (ctx) => {
        ctx.signal.addEventListener('abort', () => {
          reasons.push([ctx.nodeId, (ctx.signal.reason as Error).message]);
          setImmediate(() => release.open());
        });
        await release.passed;
        return { late: true };
      },
    };
    const nodes = [
      { id: 'w1', action: 'wait' },
      { id: 'b', action: 'ok', dependencies: ['w1'] },
      { id: 'c', action: 'ok', dependencies: ['b'] },
      { id: 'w2', action: 'wait' },
      { id: 'd', action: 'ok', dependencies: ['w2'] },
    ];
    const hook: EventHook = {
      events: ['NodeStarted'],
      handle: async (_, event) => {
        if (event.type !== 'NodeStarted' || event.nodeId !== 'w2') return [];
        return Promise.resolve([{ type: 'CancelBranch', branchId: 'w1', reason: 'not needed' }]);
      },
    };
    const { ran, report, events } = await setup({ nodes, actions: [wait], hooks: [hook] });
    expect(reasons).toEqual([['w1', 'not needed']]);
    expect(ids(ran)).toEqual(['d']);
    for (const id of ['w1', 'b', 'c'])
      expect(report.nodes[id]).toMatchObject({
        status: 'cancelled',
        reason: 'not needed',
        outputs: null,
      });
    expect(report.nodes['w2']?.status).toBe('succeeded');
    expect(events.filter(({ type }) => type === 'NodeCancelled')).toHaveLength(3);
    expect(report.status).toBe('succeeded');
  });
});

describe('the report of a paused run', () => {
  it('names the paused branches and the reasons, and no longer once they go on', async () => {
    const pause: EventHook = {
      onStart: () => [{ type: 'PauseBranch', branchId: 'b', reason: 'a person must look' }],
    };
    const { executor, report } = await setup({ hooks: [pause] });
    expect(report).toMatchObject({ status: 'paused', counts: { succeeded: 1 } });
    expect(report.pausedBranches).toEqual([{ nodeId: 'b', reason: 'a person must look' }]);
    const goOn: EventHook = { onComplete: () => [{ type: 'ResumeBranch', branchId: 'b' }] };
    const resumed = await executor.resume(report.runId, { hooks: [goOn] });
    expect(resumed).toMatchObject({ status: 'succeeded', pausedBranches: [] });
  });
});
