import { DaggerError } from '../errors.ts';

/** @throws DaggerError RUN_CONFLICT when the id names a run of another graph */
export const refuseOtherDag = (runId: string, known: string, wanted: string): void => {
  if (known === wanted) return;
  throw new DaggerError(
    'RUN_CONFLICT',
    `run '${runId}' is a run of '${known}', not of '${wanted}'`,
    {
      ids: { runId, dag: wanted },
    },
  );
};

/** @throws DaggerError INPUT_INVALID */
export const checkRunId = (runId: unknown): void => {
  if (
    typeof runId === 'string' &&
    runId !== '' &&
    runId.length <= 256 &&
    !runId.includes('\0') &&
    !/[\ud800-\udfff]/u.test(runId)
  )
    return;
  throw new DaggerError(
    'INPUT_INVALID',
    'a run id is a well-formed string of 1 to 256 characters without NUL',
  );
};

/** @throws DaggerError INPUT_INVALID */
export const checkInputs = (inputs: unknown): void => {
  if (
    inputs === undefined ||
    (typeof inputs === 'object' && inputs !== null && !Array.isArray(inputs))
  )
    return;
  throw new DaggerError(
    'INPUT_INVALID',
    'the inputs of a run are an object: values by their names',
  );
};
