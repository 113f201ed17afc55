import { ActionRegistry } from '../src/actions/registry.ts';
import { DagExecutor } from '../src/executor/executor.ts';
import type { RunHandle } from '../src/executor/handle.ts';
import { defineGraph } from '../src/graph/graph.ts';
import type { EventHook } from '../src/hooks/hook.ts';
import type { ExecutorCommand } from '../src/run/commands.ts';
import type { RunReport } from '../src/run/report.ts';
import type { Storage } from '../src/storage/storage.ts';
import { sqlite } from '../../adapters/sqlite/src/index.ts';
import type { Scenario, ScenarioNode } from './scenario.ts';
import { configOf, definitionsOf, strategyOf } from './scenario-graph.ts';
import { SimulatedClock } from '../../testing/src/simulated-clock.ts';

const UNIT = 1_000;
/** Longer than any scenario takes. */
const TOO_LONG = 3_000 * UNIT;

/** An attempt of a node, in units since the start. */
export interface Interval {
  readonly id: string;
  readonly from: number;
  to: number;
}

export interface Outcome {
  readonly report: RunReport;
  /** The report at the scenario's `check`. */
  readonly atCheck: RunReport | undefined;
  readonly attempts: readonly Interval[];
  readonly makespan: number;
  /** Whether the executor runs something else afterwards. */
  readonly alive: boolean;
}

/** Plays one scenario in simulated time. */
export class ScenarioRun {
  readonly #scenario: Scenario;
  readonly #clock = new SimulatedClock();
  readonly #attempts: Interval[] = [];
  readonly #storage: Storage | undefined;
  #executor!: DagExecutor;
  #handle!: RunHandle;
  #ended: RunReport | undefined;

  private constructor(scenario: Scenario) {
    this.#scenario = scenario;
    // A process that dies leaves its storage behind; so must a close that stands for it.
    if (scenario.actions?.some(({ do: what }) => what === 'restart') === true)
      this.#storage = { ...sqlite(':memory:'), close: () => Promise.resolve() };
  }

  static async play(scenario: Scenario): Promise<Outcome> {
    const run = new ScenarioRun(scenario);
    const graph = defineGraph({ name: 'scenario', nodes: definitionsOf(scenario) });
    run.#executor = await run.#open();
    run.#watch(await run.#executor.start(graph, { runId: 'r', hooks: [run.#gates()] }));
    let atCheck: RunReport | undefined;
    for (const { at, do: what } of scenario.actions ?? []) {
      await run.#clock.advance(at * UNIT - run.#clock.elapsed);
      if (what === 'check')
        atCheck = run.#executor === undefined ? undefined : await run.#snapshot();
      else await run.#act(what);
    }
    const report = await run.#toTheEnd();
    const makespan = (Date.parse(report.finishedAt as string) - run.#clock.start) / UNIT;
    const again = run.#executor.run(defineGraph({ name: 'empty', nodes: [] }));
    await run.#clock.settle();
    return { report, atCheck, attempts: run.#attempts, makespan, alive: (await again).success };
  }

  async #open(): Promise<DagExecutor> {
    return DagExecutor.open({
      registry: new ActionRegistry(
        this.#scenario.nodes.map((node) => ({
          name: node.id,
          retry: { strategy: strategyOf(node) },
          execute: ({ signal }: { readonly signal: AbortSignal }) => this.#work(node, signal),
        })),
      ),
      clock: this.#clock,
      config: configOf(this.#scenario),
      ...(this.#storage === undefined ? {} : { storage: this.#storage }),
    });
  }

  /** Nodes that wait for somebody begin as paused branches. */
  #gates(): EventHook {
    const waiting = this.#scenario.nodes.filter((node) => node.do === 'wait');
    return {
      onStart: () =>
        waiting.map(({ id }): ExecutorCommand => ({ type: 'PauseBranch', branchId: id })),
    };
  }

  #watch(handle: RunHandle): void {
    this.#handle = handle;
    this.#ended = undefined;
    handle.done.then(
      (report) => {
        if (this.#handle === handle) this.#ended = report;
      },
      () => {},
    );
  }

  async #work(node: ScenarioNode, signal: AbortSignal): Promise<void> {
    const attempt = { id: node.id, from: this.#clock.elapsed / UNIT, to: Number.POSITIVE_INFINITY };
    this.#attempts.push(attempt);
    const mine = this.#attempts.filter(({ id }) => id === node.id).length;
    try {
      await this.#unless(signal, node.units * UNIT);
      if (node.do === 'fail' || node.do === 'throw') throw new Error(`${node.id} fails`);
      if (node.do === 'fail-times' && mine <= (node.times ?? 0))
        throw new Error(`${node.id} fails`);
    } finally {
      attempt.to = this.#clock.elapsed / UNIT;
    }
  }

  async #unless(signal: AbortSignal, ms: number): Promise<void> {
    if (ms === 0) return;
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#clock.after(ms, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        reject(signal.reason as Error);
      });
    });
  }

  async #act(what: string): Promise<void> {
    if (what === 'cancel run') this.#handle.cancel();
    else if (what === 'kill -9 the process') await this.#executor.close();
    else if (what === 'restart') {
      this.#executor = await this.#open();
      this.#watch(await this.#executor.startResume('r'));
    } else if (what.startsWith('resume ')) {
      if (this.#ended !== undefined) this.#watch(await this.#executor.startResume('r'));
      await this.#handle.send({ type: 'ResumeBranch', branchId: what.slice('resume '.length) });
    } else throw new Error(`a scenario does '${what}'`);
  }

  async #snapshot(): Promise<RunReport> {
    const report = await this.#executor.report('r');
    report.settle();
    return report;
  }

  async #toTheEnd(): Promise<RunReport> {
    await this.#clock.settle();
    while (this.#ended === undefined) {
      const due = this.#clock.nextDue;
      if (due === undefined || this.#clock.elapsed > TOO_LONG) throw new Error('the run hangs');
      await this.#clock.advance(due - this.#clock.now());
      await this.#clock.settle();
    }
    return this.#ended;
  }
}
