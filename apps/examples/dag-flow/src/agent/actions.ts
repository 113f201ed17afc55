import type { AnyAction } from '@dagger/core';
import { executeStep } from './execute-step.ts';
import { invokeTool } from './invoke-tool.ts';
import { plannerAgent } from './planner-agent.ts';
import { validateResult } from './validate-result.ts';

/** The actions of agent.yaml, and of the nodes that its hook adds. */
export const agentActions: readonly AnyAction[] = [
  plannerAgent,
  invokeTool,
  executeStep,
  validateResult,
];
