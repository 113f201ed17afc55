import { checkAction, type AnyAction, type RetryPolicy } from '../actions/action.ts';
import { DaggerError } from '../errors.ts';
import type { EventHook } from '../hooks/hook.ts';
import type { Plan, PlanContext } from './plan.ts';
import { stepAction } from './step-action.ts';
import { stepHook } from './step-hook.ts';

/** A planner, and how its steps run. */
export interface SupervisorDefinition {
  /**
   * Says what is to be done next. It is asked again when all of that has ended, until it says that it is done. Like the
   * `execute` of an action it may be called again for the same iteration: after a failure, and after a crash.
   */
  plan(ctx: PlanContext): Plan | Promise<Plan>;
  readonly description?: string;
  /** Seconds for one attempt to plan. */
  readonly timeout?: number;
  readonly retry?: RetryPolicy;
}

/** The two halves of a planner: the action asks it, the hook carries out what it says. */
export interface Supervisor {
  /** `supervisor_step` */
  readonly action: AnyAction;
  readonly hook: EventHook;
}

/**
 * Makes a planner the supervisor of agent-driven flows. Give it to the executor as `supervisor`.
 *
 * Each iteration is a node with the action `supervisor_step`, counted against `max_iterations`. Its plan becomes nodes of
 * the run, together with the next iteration, which waits for all of them however they end. A plan that does not fit is
 * told to the planner in the next iteration. Every `review_frequency` iterations a person is asked before the next one.
 * @throws DaggerError ACTION_INVALID naming the field and the reason
 */
export const defineSupervisor = (definition: SupervisorDefinition): Supervisor => {
  if (typeof (definition as Partial<SupervisorDefinition> | undefined)?.plan !== 'function')
    throw new DaggerError('ACTION_INVALID', 'a supervisor needs plan, which is a function');
  const action = stepAction(definition);
  checkAction(action);
  return Object.freeze({ action, hook: stepHook });
};
