import { ActionRegistry } from '../actions/registry.ts';
import { DaggerError } from '../errors.ts';
import type { EventHook } from '../hooks/hook.ts';
import type { Topology } from '../graph/topology.ts';
import type { Supervisor } from './supervisor.ts';

/** @throws DaggerError CONFIG_INVALID */
export const checkSupervisor = (supervisor: Supervisor | undefined): void => {
  if (
    supervisor !== undefined &&
    !(typeof supervisor?.action === 'object' && typeof supervisor.hook === 'object')
  )
    throw new DaggerError('CONFIG_INVALID', 'supervisor must be what defineSupervisor gives');
};

/** A registry that knows the action of a supervisor too. @throws DaggerError ACTION_DUPLICATE */
export const withAction = (
  registry: ActionRegistry,
  supervisor: Supervisor | undefined,
): ActionRegistry =>
  supervisor === undefined ? registry : ActionRegistry.with(registry, supervisor.action);

/** The hooks of a run: that of the supervisor goes first where the graph has a step of it. */
export const withHook = (
  hooks: readonly EventHook[],
  supervisor: Supervisor | undefined,
  topology: Topology,
): readonly EventHook[] =>
  supervisor === undefined || topology.supervisor === -1 || hooks.includes(supervisor.hook)
    ? hooks
    : [supervisor.hook, ...hooks];
