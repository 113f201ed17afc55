import {
  ActionRegistry,
  DagExecutor,
  defineSupervisor,
  type Plan,
  type PlanContext,
  type Storage,
} from '@dagger/core';
import { actions } from './actions.ts';
import { modelPlanner, type ModelOptions } from './model-planner.ts';
import { rulePlanner } from './rule-planner.ts';

export interface FlowOptions {
  /** A language model to plan with. Default: the rules. */
  readonly model?: ModelOptions;
  readonly storage?: Storage;
}

/** An executor whose supervisor plans with the rules, or with a language model. */
export const openFlow = async ({ model, storage }: FlowOptions = {}): Promise<DagExecutor> => {
  const registry = new ActionRegistry(actions);
  const plan: (ctx: PlanContext) => Plan | Promise<Plan> =
    model === undefined ? rulePlanner : modelPlanner(registry.toolSchemas(), model);
  return DagExecutor.open({
    registry,
    supervisor: defineSupervisor({ plan, timeout: 120 }),
    config: { maxIterations: 12, maxTokens: 200_000, reviewFrequency: null },
    ...(storage === undefined ? {} : { storage }),
  });
};
