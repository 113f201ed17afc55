/* oxlint-disable vitest/no-standalone-expect -- the walk checks as it goes */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { ActionRegistry } from '../../src/actions/registry.ts';
import { DEFAULT_CONFIG, mergeConfig } from '../../src/config/merge.ts';
import type { OnFailure } from '../../src/config/model.ts';
import { commandEvent, type CommandTarget } from '../../src/coordinator/carry-out.ts';
import { DaggerError, toErrorData } from '../../src/errors.ts';
import { Depths } from '../../src/graph/depth.ts';
import { defineGraph, Graph } from '../../src/graph/graph.ts';
import type { NodeDefinition } from '../../src/graph/model.ts';
import type { ExecutorCommand, NodeSpecData } from '../../src/run/commands.ts';
import type { RunEvent } from '../../src/run/events.ts';
import type { StateSnapshot } from '../../src/run/snapshot.ts';
import { RunState } from '../../src/run/state.ts';
import { statusName, STATUS_NAMES, type NodeStatus } from '../../src/run/status.ts';
import { ACTIONS, grownNodes, nodeSeed, type NodeSeed } from './arbitrary-graph.ts';
import { mustEqual } from './must-equal.ts';
import { ReferenceRun } from './reference-run.ts';

// prettier-ignore
const ALL_ACTS = [
  'start', 'start', 'start', 'complete', 'complete', 'complete', 'fail', 'retry', 'due', 'condition',
  'add', 'addWrong', 'pause', 'resume', 'cancel', 'enable', 'disable', 'wrong', 'seen', 'look',
  'crash', 'stop', 'crashWhileStopping', 'finishAndRetry',
] as const;
type Act = (typeof ALL_ACTS)[number];

/** Growth in and around branches that come and go. */
const GROWTH: readonly Act[] = [
  'add',
  'add',
  'add',
  'pause',
  'resume',
  'start',
  'complete',
  'complete',
  'look',
];

export interface Step {
  readonly act: Act;
  readonly who: number;
  readonly growth: readonly NodeSeed[];
}

const stepsOf = (acts: readonly Act[], maxLength: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.record({
      act: fc.constantFrom(...acts),
      who: fc.nat(999),
      growth: fc.array(nodeSeed, { minLength: 1, maxLength: 3 }),
    }),
    { maxLength, size: 'max' },
  );

export const anySteps: fc.Arbitrary<readonly Step[]> = stepsOf(ALL_ACTS, 40);
export const growingSteps: fc.Arbitrary<readonly Step[]> = stepsOf(GROWTH, 25);

const registry = new ActionRegistry(ACTIONS.map((name) => ({ name, execute: () => ({}) })));
const boom = toErrorData(new Error('boom'));

/** Leads a run state and its model through the same events, and compares them after each. */
export class StateWalk {
  readonly state: RunState;
  readonly model: ReferenceRun;
  #hooks: boolean;
  /** Whether the state goes through its snapshot after every event. */
  viaSnapshots = false;
  #time = 1_000;
  #batches = 0;

  constructor(nodes: readonly NodeDefinition[], policy: OnFailure, hooks: boolean) {
    const graph = defineGraph({ name: 'g', nodes });
    this.state = new RunState(Graph.topologyOf(graph), mergeConfig({ onFailure: policy }));
    this.model = new ReferenceRun(nodes, policy);
    this.#hooks = hooks;
    this.#apply({ type: 'RunStarted', at: this.#at(), hooked: hooks }, () =>
      this.model.begun(hooks),
    );
    this.#tellOfTheStart();
  }

  take(step: Step): void {
    const { model } = this;
    const { who } = step;
    const of = (...statuses: NodeStatus[]): string | undefined =>
      pick(model.with(...statuses), who);
    const any = pick([...model.nodes.keys()], who) as string;
    switch (step.act) {
      case 'start':
        return this.#start(1 + (who % 3));
      case 'complete':
        return this.#with(of('running'), (id) => this.#complete(id));
      case 'fail':
        return this.#with(of('running'), (id) =>
          this.#apply({ type: 'NodeFailed', n: this.#n(id), at: this.#at(), error: boom }, () =>
            model.ended(id, 'failed'),
          ),
        );
      case 'retry':
        return this.#with(of('running'), (id) =>
          this.#apply(
            { type: 'NodeRetrying', n: this.#n(id), at: this.#at(), error: boom, delay: 5 },
            () => model.retrying(id),
          ),
        );
      case 'due':
        return this.#with(of('retrying'), (id) => this.#due(id));
      case 'condition':
        return this.#conditionFalse();
      case 'add':
        return this.#grow(step);
      case 'addWrong':
        return this.#addWrong(any, who);
      case 'pause':
        return this.#command({ type: 'PauseBranch', branchId: any }, () => model.branchPaused(any));
      case 'resume': {
        const root = pick([...model.pausedRoots], who);
        if (root === undefined) return this.#refused({ type: 'ResumeBranch', branchId: any });
        return this.#command({ type: 'ResumeBranch', branchId: root }, () =>
          model.branchResumed(root),
        );
      }
      case 'cancel': {
        const command: ExecutorCommand = { type: 'CancelBranch', branchId: any };
        const open = [...model.branch(any)].some((id) => !isSettledName(model.node(id).status));
        if (!open) return this.#refused(command);
        return this.#command(command, () => model.branchCancelled(any));
      }
      case 'enable':
      case 'disable':
        return this.#switch(any, step.act === 'enable');
      case 'wrong':
        return this.#refused(
          [
            { type: 'PauseBranch', branchId: 'nobody' },
            { type: 'CancelBranch', branchId: '' },
            { type: 'DisableNodes', nodeIds: [any, 'nobody'] },
            { type: 'AddNodes', specs: [] },
            { type: 'Nonsense' } as unknown as ExecutorCommand,
          ][who % 5] as ExecutorCommand,
        );
      case 'seen': {
        // Up to some earlier event, as when the hooks are behind.
        const seq = Math.max(this.state.hooksSeen, this.state.seq - (who % 3));
        if (!this.#hooks) return;
        return this.#apply({ type: 'HooksSeen', seq, at: this.#at() }, () => model.hooksSaw(seq));
      }
      case 'look':
        return this.look();
      case 'crash':
        return this.#resume(false, who);
      case 'stop':
      case 'crashWhileStopping':
        return this.#stop(step.act === 'stop', who);
      case 'finishAndRetry':
        if (model.with('running', 'retrying').length > 0) return;
        this.#finish();
        return this.#resume(true, who);
    }
  }

  /** Compares what may start, without starting it. */
  look(): void {
    const taken: number[] = [];
    for (let n = this.state.takeReady(); n !== -1; n = this.state.takeReady()) taken.push(n);
    for (const n of taken) this.state.returnReady(n);
    mustEqual(
      taken.map((n) => this.state.topology.idOf(n)).toSorted(),
      this.model.startable().toSorted(),
      () => 'what may start',
    );
  }

  /** Lets everything that can still happen happen; afterwards nothing may be left that nobody holds. */
  driveToTheEnd(): void {
    const { model } = this;
    for (const root of model.pausedRoots)
      this.#command({ type: 'ResumeBranch', branchId: root }, () => model.branchResumed(root));
    for (let round = 0; ; round++) {
      if (round === 200) throw new Error('the run does not come to its end');
      for (const id of model.with('retrying')) this.#due(id);
      if (model.halt === undefined) this.#start(1_000);
      const running = model.with('running');
      for (const id of running) this.#complete(id);
      const unseen = this.state.awaiting.size > 0;
      if (unseen) {
        const { seq } = this.state;
        this.#apply({ type: 'HooksSeen', seq, at: this.#at() }, () => model.hooksSaw(seq));
      }
      if (running.length === 0 && !unseen) break;
    }
    if (model.halt === undefined)
      expect(model.with('pending', 'ready', 'running', 'retrying'), 'nodes that hang').toEqual([]);
    expect(this.state.outcome().status).toBe(model.outcome());
  }

  // --- the acts --------------------------------------------------------------------------------------------------

  #start(most: number): void {
    if (this.model.halt !== undefined) return;
    for (let i = 0; i < most; i++) {
      const may = this.model.startable();
      const n = this.state.takeReady();
      if (n === -1) {
        expect(may, 'nodes that wait although they may start').toEqual([]);
        return;
      }
      const id = this.state.topology.idOf(n);
      if (!may.includes(id)) expect.fail(`${id} starts, and only ${may.join(', ')} may`);
      this.#apply({ type: 'NodeStarted', n, at: this.#at() }, () => this.model.started(id));
    }
  }

  #complete(id: string): void {
    this.#apply({ type: 'NodeCompleted', n: this.#n(id), at: this.#at(), outputs: {} }, () =>
      this.model.ended(id, 'succeeded'),
    );
  }

  #due(id: string): void {
    this.#apply({ type: 'RetryDue', n: this.#n(id), at: this.#at() }, () =>
      this.model.retryDue(id),
    );
  }

  #conditionFalse(): void {
    const n = this.state.takeReady();
    if (n === -1) return expect(this.model.startable()).toEqual([]);
    const id = this.state.topology.idOf(n);
    this.#apply({ type: 'NodeSkipped', n, at: this.#at(), reason: 'condition' }, () =>
      this.model.conditionFalse(id),
    );
  }

  #grow({ who, growth }: Step): void {
    const nodes = grownNodes(
      `g${this.#batches++}_`,
      growth,
      [...this.model.nodes.keys()],
      who % 2 === 0,
    );
    this.#command({ type: 'AddNodes', specs: nodes.map(specOf) }, () => this.model.added(nodes));
  }

  #addWrong(any: string, who: number): void {
    const fresh = `w${this.#batches}`;
    const good = { id: `${fresh}_good`, action: 'fails-0', deps: [any] };
    const wrong = [
      { id: any, action: 'fails-0' },
      { id: fresh, action: 'fails-0', deps: ['nobody'] },
      { id: fresh, action: 'fails-0', deps: [fresh] },
      { id: fresh, action: 'unregistered' },
      { id: fresh, action: 'fails-0', deps: [any], join: { atLeast: 2 } },
      { id: fresh, action: 'fails-0', when: 'nonsense(' },
    ][who % 6] as typeof good;
    this.#refused({ type: 'AddNodes', specs: who % 2 === 0 ? [good, wrong] : [wrong, good] });
    const circle = { id: `${fresh}_x`, action: 'fails-0', deps: [any, `${fresh}_y`] };
    this.#refused({
      type: 'AddNodes',
      specs: [circle, { id: `${fresh}_y`, action: 'fails-0', deps: [circle.id] }],
    });
  }

  #switch(any: string, enable: boolean): void {
    const command: ExecutorCommand = {
      type: enable ? 'EnableNodes' : 'DisableNodes',
      nodeIds: [any],
    };
    const { status } = this.model.node(any);
    if (status !== 'pending' && status !== 'ready') return this.#refused(command);
    this.#command(command, () => this.model.switched([any], enable));
  }

  /** Stops the run as a person or a failing hook does; without `finished`, the process dies half-way. */
  #stop(finished: boolean, who: number): void {
    const why = who % 3 === 0 ? 'failed' : 'cancelled';
    const { model } = this;
    if (model.halt !== undefined && model.halt !== 'paused') return;
    this.#apply({ type: 'RunStopping', at: this.#at(), why, error: boom }, () =>
      model.stopping(why),
    );
    const running = model.with('running');
    for (const id of finished ? [...running, ...model.with('retrying')] : running.slice(0, 1))
      this.#apply(
        { type: 'NodeCancelled', n: this.#n(id), at: this.#at(), reason: 'cancelled' },
        () => model.cancelledWithRun(id),
      );
    if (finished) this.#finish();
    this.#resume(finished, who);
  }

  #finish(): void {
    const outcome = this.state.outcome();
    expect(outcome.status).toBe(this.model.outcome());
    this.#apply({ type: 'RunFinished', at: this.#at(), status: outcome.status }, () =>
      this.model.noted(),
    );
  }

  /** A new session, now and then with hooks where the last had none, or the other way round. */
  #resume(retry: boolean, who: number): void {
    if (who % 4 === 0) this.#hooks = !this.#hooks;
    const hooked = this.#hooks;
    this.#apply({ type: 'RunResumed', at: this.#at(), hooked, retry }, () =>
      this.model.resumed({ retry, hooked }),
    );
    this.#tellOfTheStart();
  }

  /** Hooks hear of the start before the first node starts. */
  #tellOfTheStart(): void {
    if (!this.#hooks || this.state.hooksSeen > 0) return;
    this.#apply({ type: 'HooksSeen', seq: 1, at: this.#at() }, () => this.model.hooksSaw(1));
  }

  // --- the comparison ----------------------------------------------------------------------------------------------

  #target(): CommandTarget {
    return {
      state: this.state,
      registry,
      now: this.#at(),
      limits: DEFAULT_CONFIG,
      depths: new Depths(),
    };
  }

  #command(command: ExecutorCommand, inModel: () => void): void {
    this.#apply(commandEvent(command, this.#target()), inModel);
  }

  #refused(command: ExecutorCommand): void {
    const before = this.#sight();
    let thrown: unknown;
    try {
      commandEvent(command, this.#target());
    } catch (error) {
      thrown = error;
    }
    const code = thrown instanceof DaggerError ? thrown.code : thrown;
    mustEqual(
      { code, trace: this.#sight() },
      { code: 'COMMAND_REJECTED', trace: before },
      () => `refused without a trace: ${JSON.stringify(command)}`,
    );
    this.look();
  }

  #apply(event: RunEvent, inModel: () => void): void {
    const before = this.model.statuses();
    this.state.apply(event);
    inModel();
    this.#compare(event, before);
    if (this.viaSnapshots)
      this.state.load(JSON.parse(JSON.stringify(this.state.snapshot())) as StateSnapshot);
  }

  #compare(event: RunEvent, before: { readonly [id: string]: NodeStatus }): void {
    const { state, model } = this;
    const own =
      'n' in event && event.type !== 'BranchCancelled' ? state.topology.idOf(event.n) : '';
    const consequences = state.consequences.map((n) => state.topology.idOf(n)).toSorted();
    const resumed = event.type === 'RunResumed';
    // What ended before a session is no news to it, whether it has the end from there or found it only now.
    const along = model
      .with('skipped', 'cancelled')
      .filter(
        (id) =>
          id !== own &&
          (resumed ? consequences.includes(id) : model.node(id).status !== before[id]),
      )
      .toSorted();
    const attempts = [...model.nodes.keys()].map((id) => [id, state.attempt[this.#n(id)]]);
    mustEqual(
      {
        statuses: this.#statuses(),
        halt: state.halt?.status,
        outcome: state.outcome().status,
        attempts: Object.fromEntries(attempts),
        counts: STATUS_NAMES.map((name, code) => [name, state.counts[code]]),
        'skipped or cancelled along': consequences,
      },
      {
        statuses: model.statuses(),
        halt: model.halt,
        outcome: model.outcome(),
        attempts: model.attempts(),
        counts: STATUS_NAMES.map((name) => [name, model.with(name).length]),
        'skipped or cancelled along': along,
      },
      () => `after ${JSON.stringify(event)}`,
    );
  }

  #statuses(): { readonly [id: string]: string } {
    return Object.fromEntries(
      [...this.model.nodes.keys()].map((id) => [
        id,
        statusName(this.state.status[this.#n(id)] as number),
      ]),
    );
  }

  /** All that an observer can see of the state. */
  #sight(): unknown {
    const { state } = this;
    const { topology } = state;
    return structuredClone({
      nodes: topology.definitions.map((node, n) => [
        node.id,
        state.status[n],
        topology.dependentsOf(n),
        topology.dependencyCount[n],
        topology.need[n],
      ]),
      counts: [...state.counts],
      edges: topology.edgeCount,
      seq: state.seq,
      halt: state.halt?.status,
      paused: [...state.paused.roots()],
    });
  }

  #with(id: string | undefined, act: (id: string) => void): void {
    if (id !== undefined) act(id);
  }

  #n(id: string): number {
    const n = this.state.topology.numberOf(id);
    if (n === undefined) throw new Error(`the state has no node ${id}`);
    return n;
  }

  #at(): number {
    return this.#time++;
  }
}

const isSettledName = (status: NodeStatus): boolean =>
  ['succeeded', 'failed', 'skipped', 'cancelled'].includes(status);

const pick = (ids: readonly string[], who: number): string | undefined =>
  ids.length === 0 ? undefined : ids[who % ids.length];

/** A node as a command names it. */
export const specOf = ({
  id,
  action,
  dependencies,
  tryCount,
  join,
  onfailure,
  when,
  duration,
}: NodeDefinition): NodeSpecData => ({
  id,
  action,
  ...(dependencies === undefined ? {} : { deps: dependencies }),
  ...(tryCount === undefined ? {} : { tryCount }),
  ...(join === undefined ? {} : { join }),
  ...(onfailure === undefined ? {} : { onfailure }),
  ...(when === undefined ? {} : { when }),
  ...(duration === undefined ? {} : { duration }),
});
