/* oxlint-disable vitest/no-standalone-expect, vitest/valid-expect -- the walk checks as it goes; the message says where it is */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { ActionRegistry } from '../../src/actions/registry.ts';
import type { OnFailure, RetryStrategy } from '../../src/config/model.ts';
import { DaggerError } from '../../src/errors.ts';
import { DagExecutor } from '../../src/executor/executor.ts';
import type { RunHandle } from '../../src/executor/handle.ts';
import { defineGraph } from '../../src/graph/graph.ts';
import type { NodeDefinition } from '../../src/graph/model.ts';
import type { ExecutorCommand } from '../../src/run/commands.ts';
import type { ExecutionEvent } from '../../src/run/public-events.ts';
import type { RunReport } from '../../src/run/report.ts';
import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import { ACTIONS, failuresOf, grownNodes, nodeSeed, type NodeSeed } from './arbitrary-graph.ts';
import { mustEqual } from './must-equal.ts';
import { ReferenceRun } from './reference-run.ts';
import { specOf } from './state-walk.ts';

// prettier-ignore
const ACTS = [
  'resolve', 'resolve', 'resolve', 'resolve', 'advance', 'advance', 'add', 'addWrong', 'pause',
  'resume', 'cancel', 'enable', 'disable',
] as const;

export interface ExecutorStep {
  readonly act: (typeof ACTS)[number];
  readonly who: number;
  readonly growth: readonly NodeSeed[];
}

export const executorSteps: fc.Arbitrary<readonly ExecutorStep[]> = fc.array(
  fc.record({
    act: fc.constantFrom(...ACTS),
    who: fc.nat(999),
    growth: fc.array(nodeSeed, { minLength: 1, maxLength: 2 }),
  }),
  { maxLength: 30, size: 'max' },
);

export interface Settings {
  readonly onFailure: OnFailure;
  readonly slots: number;
  readonly delay: number;
}

export const settings: fc.Arbitrary<Settings> = fc.record({
  onFailure: fc.constantFrom('continue', 'continue', 'continue', 'pause', 'stop'),
  slots: fc.integer({ min: 1, max: 5 }),
  delay: fc.constantFrom(0, 0, 1, 3),
});

/**
 * Runs a graph whose actions end when the walk says so, follows the events of the run with the model, and checks after
 * every step that the engine did what it may and all that it can.
 */
export class ExecutorWalk {
  readonly #model: ReferenceRun;
  readonly #settings: Settings;
  readonly #clock = new SimulatedClock();
  /** Actions under way: node id -> what ends the attempt. */
  readonly #working: Map<string, () => void> = new Map();
  /** When the wait of a retrying node is over. */
  readonly #due: Map<string, number> = new Map();
  readonly #announced: string[] = [];
  readonly #problems: unknown[] = [];
  #failures: Map<string, number> = new Map();
  #handle!: RunHandle;
  #report: RunReport | undefined;
  #batches = 0;

  private constructor(nodes: readonly NodeDefinition[], chosen: Settings) {
    this.#settings = chosen;
    this.#model = new ReferenceRun(nodes, chosen.onFailure);
  }

  static async begin(nodes: readonly NodeDefinition[], chosen: Settings): Promise<ExecutorWalk> {
    const walk = new ExecutorWalk(nodes, chosen);
    const executor = await DagExecutor.open({
      registry: new ActionRegistry(
        ACTIONS.map((name) => ({
          name,
          execute: ({ nodeId }: { readonly nodeId: string }) => walk.#work(nodeId),
        })),
      ),
      clock: walk.#clock,
      config: {
        onFailure: chosen.onFailure,
        maxParallelNodes: chosen.slots,
        retryJitter: false,
        retryStrategy: strategyOf(chosen.delay),
      },
    });
    const handle = await executor.start(defineGraph({ name: 'g', nodes }));
    walk.#handle = handle;
    handle.events.subscribe((event) => walk.#notice(event));
    void handle.done.then((report) => (walk.#report = report));
    await walk.#look();
    return walk;
  }

  get ended(): boolean {
    return this.#report !== undefined;
  }

  async take({ act, who, growth }: ExecutorStep): Promise<void> {
    if (this.ended) return;
    const ids = [...this.#model.nodes.keys()];
    const any = ids[who % ids.length] as string;
    switch (act) {
      case 'resolve':
        this.#resolve(who);
        break;
      case 'advance':
        await this.#clock.advance(1_000);
        break;
      case 'add': {
        const nodes = grownNodes(`g${this.#batches++}_`, growth, ids, who % 2 === 0);
        await this.#send({ type: 'AddNodes', specs: nodes.map(specOf) });
        break;
      }
      case 'addWrong':
        await this.#refused({
          type: 'AddNodes',
          specs: [
            { id: 'wrong', action: 'fails-0' },
            { id: any, action: 'fails-0' },
          ],
        });
        break;
      case 'pause':
        await this.#send({ type: 'PauseBranch', branchId: any });
        break;
      case 'resume': {
        const root = [...this.#model.pausedRoots][0];
        if (root === undefined) await this.#refused({ type: 'ResumeBranch', branchId: any });
        else await this.#send({ type: 'ResumeBranch', branchId: root });
        break;
      }
      case 'cancel':
        await this.#sendIf(
          [...this.#model.branch(any)].some((id) => !isOver(this.#model.node(id).status)),
          { type: 'CancelBranch', branchId: any },
        );
        break;
      case 'enable':
      case 'disable':
        await this.#sendIf(['pending', 'ready'].includes(this.#model.node(any).status), {
          type: act === 'enable' ? 'EnableNodes' : 'DisableNodes',
          nodeIds: [any],
        });
        break;
    }
    await this.#look();
  }

  /** Ends whatever runs until the run is over, and compares its report with the model. */
  async finish(): Promise<RunReport> {
    for (let round = 0; !this.ended; round++) {
      expect(round, 'the run does not end').toBeLessThan(300);
      for (const root of this.#model.pausedRoots) {
        if (this.ended) break;
        await this.#send({ type: 'ResumeBranch', branchId: root });
      }
      this.#resolve(round);
      if (this.#working.size === 0 && !this.ended) await this.#clock.advance(1_000);
      await this.#look();
    }
    const report = this.#report as RunReport;
    expect(statusesOf(report)).toEqual(this.#model.statuses());
    expect(Object.fromEntries(Object.values(report.nodes).map((n) => [n.id, n.attempts]))).toEqual(
      this.#model.attempts(),
    );
    expect(report.status).toBe(this.#model.outcome());
    expect(report.counts.total).toBe(this.#model.nodes.size);
    return report;
  }

  // --- the actions -------------------------------------------------------------------------------------------------

  async #work(id: string): Promise<object> {
    expect(this.#working.has(id), `${id} runs twice at once`).toBe(false);
    await new Promise<void>((resolve) => this.#working.set(id, resolve));
    const failed = this.#failures.get(id) ?? 0;
    const { definition } = this.#model.node(id);
    if (failed >= failuresOf(definition)) return { by: id };
    this.#failures.set(id, failed + 1);
    throw new Error(`${id} failed`);
  }

  #resolve(who: number): void {
    const ids = [...this.#working.keys()];
    const id = ids[who % Math.max(1, ids.length)];
    if (id === undefined) return;
    const end = this.#working.get(id);
    this.#working.delete(id);
    end?.();
  }

  // --- following the run -------------------------------------------------------------------------------------------

  #notice(event: ExecutionEvent): void {
    try {
      this.#follow(event);
    } catch (error) {
      // What a watcher throws is dropped, so it is kept for the next look.
      this.#problems.push(error);
    }
  }

  #follow(event: ExecutionEvent): void {
    const model = this.#model;
    this.#dueRetries();
    switch (event.type) {
      case 'RunStarted':
        return model.begun(false);
      case 'NodeStarted':
        expect(model.halt, `${event.nodeId} starts in a halted run`).toBeUndefined();
        expect(model.startable(), 'nodes that may start').toContain(event.nodeId);
        expect(model.with('running').length, 'nodes at once').toBeLessThan(this.#settings.slots);
        model.started(event.nodeId);
        return expect(event.attempt).toBe(model.node(event.nodeId).attempts);
      case 'NodeCompleted':
        return model.ended(event.nodeId, 'succeeded');
      case 'NodeFailed':
        expect(this.#attemptsLeft(event.nodeId), 'attempts left').toBe(0);
        return model.ended(event.nodeId, 'failed');
      case 'NodeRetrying':
        expect(this.#attemptsLeft(event.nodeId), 'attempts left').toBeGreaterThan(0);
        this.#due.set(event.nodeId, event.at + event.delayMs);
        return model.retrying(event.nodeId);
      case 'NodeSkipped':
        if (event.reason !== 'condition') return this.#along(event.nodeId, 'skipped');
        expect(model.startable(), 'nodes that may start').toContain(event.nodeId);
        expect(model.node(event.nodeId).definition.when).toBe('false');
        return model.conditionFalse(event.nodeId);
      case 'NodeCancelled':
        this.#working.delete(event.nodeId);
        return this.#along(event.nodeId, 'cancelled');
      case 'NodesAdded':
        return model.added(event.nodes);
      case 'BranchPaused':
        return model.branchPaused(event.nodeId);
      case 'BranchResumed':
        return model.branchResumed(event.nodeId);
      case 'BranchCancelled':
        return model.branchCancelled(event.nodeId);
      case 'NodesEnabled':
        return model.switched(event.nodeIds, true);
      case 'NodesDisabled':
        return model.switched(event.nodeIds, false);
      case 'RunFinished':
        expect(model.with('running'), 'the run ends before its nodes').toEqual([]);
        if (model.halt === undefined)
          expect([...model.startable(), ...model.with('retrying')], 'left behind').toEqual([]);
        return expect(event.status).toBe(model.outcome());
      default:
        throw new Error(`an unexpected event ${event.type}`);
    }
  }

  /** The engine says what followed from an event; the model knows it already. */
  #along(id: string, status: 'skipped' | 'cancelled'): void {
    expect(this.#announced, 'said once').not.toContain(id);
    this.#announced.push(id);
    // With a run that ends for a failure, waits for retries are cancelled.
    if (status === 'cancelled' && this.#model.node(id).status === 'retrying') {
      expect(this.#model.halt).toBe('failed');
      return this.#model.cancelledWithRun(id);
    }
    expect(this.#model.node(id).status).toBe(status);
  }

  #dueRetries(): void {
    for (const [id, due] of this.#due) {
      if (due > this.#clock.now()) continue;
      this.#due.delete(id);
      this.#model.retryDue(id);
    }
  }

  #attemptsLeft(id: string): number {
    return (this.#model.node(id).definition.tryCount as number) - (this.#failures.get(id) ?? 0);
  }

  /** Lets the engine come to rest; then it must have started all that it may. */
  async #look(): Promise<void> {
    await this.#clock.settle(2);
    if (this.#problems.length > 0) throw this.#problems[0];
    if (this.ended) return;
    this.#dueRetries();
    const model = this.#model;
    const running = model.with('running');
    mustEqual(
      { underWay: [...this.#working.keys()].toSorted(), ...statusesOf(this.#handle.report()) },
      { underWay: running.toSorted(), ...model.statuses() },
      () => 'actions under way, and all nodes',
    );
    if (model.halt === undefined && running.length < this.#settings.slots)
      mustEqual(model.startable(), [], () => 'nodes that wait although there is a free slot');
  }

  #send(command: ExecutorCommand): Promise<void> {
    return this.#handle.send(command);
  }

  async #sendIf(valid: boolean, command: ExecutorCommand): Promise<void> {
    await (valid ? this.#send(command) : this.#refused(command));
  }

  async #refused(command: ExecutorCommand): Promise<void> {
    const before = JSON.stringify(this.#handle.report().nodes);
    const thrown: unknown = await this.#send(command).then(
      () => 'carried out',
      (error: unknown) => error,
    );
    expect(thrown, JSON.stringify(command)).toBeInstanceOf(DaggerError);
    expect((thrown as DaggerError).code).toBe('COMMAND_REJECTED');
    expect(JSON.stringify(this.#handle.report().nodes)).toBe(before);
  }
}

const strategyOf = (delay: number): RetryStrategy =>
  delay === 0 ? { type: 'immediate' } : { type: 'linear', delay };

const isOver = (status: string): boolean =>
  ['succeeded', 'failed', 'skipped', 'cancelled'].includes(status);

const statusesOf = (report: RunReport): { readonly [id: string]: string } =>
  Object.fromEntries(Object.values(report.nodes).map(({ id, status }) => [id, status]));
