import { NonRetryableError, type DaggerError } from '@dagger/core';
import type { DependencyOutcome } from '../agent/context.ts';
import type { RegisteredAgent } from '../agent/registry.ts';
import { isSuccess } from '../lifecycle/states.ts';

/**
 * Outputs are handed over only if they are what their agent promises.
 * @throws NonRetryableError OUTPUT_INVALID
 */
export const checkedOutcomes = async (
  outcomes: readonly DependencyOutcome[],
  agentNamed: (name: string) => RegisteredAgent | undefined,
): Promise<readonly DependencyOutcome[]> => {
  for (const { agent, state, output, taskId } of outcomes) {
    if (!isSuccess(state)) continue;
    const checked = await agentNamed(agent)?.output?.(output);
    if (checked?.issues !== undefined)
      throw new NonRetryableError(
        `the output of '${taskId}' is not what agent '${agent}' promises now: ${checked.issues.join('; ')}`,
        { code: 'OUTPUT_INVALID', ids: { taskId, agent } },
      );
  }
  return outcomes;
};

/** A task that was required and did not succeed; trying the same again cannot help. */
export const dependencyFailed = ({ taskId, state, error }: DependencyOutcome): DaggerError =>
  new NonRetryableError(
    `task '${taskId}' is ${state}${error === null ? '' : `: ${error.message}`}`,
    { code: 'DEPENDENCY_FAILED', ids: { taskId } },
  );
