import {
  ActionRegistry,
  Coordinator,
  DagExecutor,
  defineAction,
  defineGraph,
  type EventHook,
  type RunReport,
} from '@dagger/core';
import { sqlite } from '@dagger/sqlite';
import type { Contender } from '../contender.ts';
import type { Plan } from '../shapes.ts';
import type { Work } from '../work.ts';

/** dagger on a database file that is open and migrated; `run` is what is timed. */
export interface DurableEngine {
  run(plan: Plan, work: Work): Promise<unknown>;
  close(): Promise<void>;
}

const succeeded = (report: RunReport): RunReport => {
  if (report.status !== 'succeeded')
    throw new Error(`dagger ended ${report.status}: ${report.error?.message ?? ''}`);
  return report;
};

const registryOf = (work: Work): ActionRegistry =>
  new ActionRegistry([defineAction({ name: 'noop', execute: () => work.run() })]);

const nodesOf = (plan: Plan): { id: string; action: string; dependencies: readonly string[] }[] =>
  plan.nodes.map(({ id, deps }) => ({ id, action: 'noop', dependencies: deps }));

/** dagger in memory: checking the definition, adding it, running it. */
export const dagger: Contender = {
  name: 'dagger',

  async run(plan, work) {
    const executor = await DagExecutor.open({ registry: registryOf(work) });
    executor.add(defineGraph({ name: 'bench', nodes: nodesOf(plan) }));
    return succeeded(await executor.run('bench'));
  },

  async grow(total, work) {
    let made = 1;
    const twoMore: EventHook = {
      events: ['NodeCompleted'],
      handle(_ctx, event) {
        if (event.type !== 'NodeCompleted' || made >= total) return undefined;
        const specs = [];
        for (let added = 0; added < 2 && made < total; added += 1) {
          specs.push({ id: `n${made}`, action: 'noop', deps: [event.nodeId] });
          made += 1;
        }
        return [{ type: 'AddNodes', specs }];
      },
    };
    const executor = await DagExecutor.open({ registry: registryOf(work) });
    executor.add({ name: 'grow', nodes: [{ id: 'n0', action: 'noop' }] });
    return succeeded(
      await new Coordinator({ hooks: [twoMore] }).runParallel(executor, { dag: 'grow' }),
    );
  },
};

export async function openDurable(file: string): Promise<DurableEngine> {
  let work: Work | undefined;
  const registry = new ActionRegistry([defineAction({ name: 'noop', execute: () => work?.run() })]);
  const executor = await DagExecutor.open({ registry, storage: sqlite(file) });
  return {
    async run(plan, ofPlan) {
      work = ofPlan;
      executor.add(defineGraph({ name: 'bench', nodes: nodesOf(plan) }), { replace: true });
      return succeeded(await executor.run('bench'));
    },
    close: () => executor.close(),
  };
}
