import { defineAction, jsonSchema, type Action, type FailureInputs } from '@dagger/core';
import { z } from 'zod';

const failureInputs = jsonSchema<FailureInputs>({
  type: 'object',
  required: ['nodeId', 'error', 'attempts'],
  properties: {
    nodeId: { type: 'string' },
    error: { type: 'object', required: ['code', 'message'] },
    attempts: { type: 'integer' },
  },
});

/** A failure handler: it runs after the last attempt, with what the engine knows of the failure. */
export const explainFailure = (name: string): Action<FailureInputs, { notice: string }> =>
  defineAction({
    name,
    description: 'Tells the operator why data were refused',
    input: failureInputs,
    output: z.object({ notice: z.string() }),
    execute({ inputs: { nodeId, error, attempts }, log }) {
      const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
      const notice = `${nodeId} refused the data after ${tries}: ${error.message}`;
      log.error(notice);
      return { notice };
    },
  });
