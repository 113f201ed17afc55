import { DaggerError, type JsonValue, type Storage } from '@dagger/core';
import { checkJson } from '@dagger/core/kernel';
import type { AgentRegistry } from '../agent/registry.ts';
import { tables, taskRow } from '../store/reads.ts';

/**
 * Checks a new input for a task that is there, as far as its agent is known here.
 * @throws DaggerError NOT_JSON, INPUT_INVALID
 */
export const checkInput = async (
  storage: Storage,
  agents: Pick<AgentRegistry, 'find'>,
  { taskId, input }: { readonly taskId: string; readonly input: JsonValue },
): Promise<void> => {
  checkJson(input);
  const row = await taskRow(tables(storage), taskId);
  const checked = await agents.find(row?.agent ?? '')?.input?.(input);
  if (checked?.issues !== undefined)
    throw new DaggerError(
      'INPUT_INVALID',
      `the input of '${taskId}' is not valid: ${checked.issues.join('; ')}`,
      { ids: { taskId } },
    );
};
