import type { AnyAction } from '@dagger/core';
import { agentActions } from './agent/actions.ts';
import { customerActions } from './customers/actions.ts';
import { httpActions } from './http/actions.ts';
import { weatherActions } from './weather/actions.ts';

/** Every action of the pipeline and the workflows; what `dagger run --actions` is given. */
export const actions: readonly AnyAction[] = [
  ...weatherActions,
  ...customerActions,
  ...httpActions,
  ...agentActions,
];
