import { DaggerError, type Storage } from '@dagger/core';
import { closest } from '@dagger/core/kernel';
import { tables } from './tables.ts';

/** Says that there is no such group, and which one may be meant. */
export const groupUnknown = async (storage: Storage, name: string): Promise<DaggerError> => {
  const groups = await tables(storage).selectFrom('dagger_pubsub_groups').select('name').execute();
  const meant = closest(
    name,
    groups.map((group) => group.name),
  );
  return new DaggerError(
    'GROUP_UNKNOWN',
    `there is no group '${name}'${meant === undefined ? '' : `; did you mean '${meant}'?`}`,
  );
};
