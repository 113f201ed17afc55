import { DaggerError } from '@dagger/core';
import { describeValue } from '@dagger/core/kernel';

const LONGEST_ID = 200;

/** Ids have to fit into a row and a header. @throws DaggerError MESSAGE_INVALID */
export const checkMessageId = (id: unknown): void => {
  // Without a partner a surrogate is no text in UTF-8: two such ids would become one.
  const fits =
    typeof id === 'string' && id !== '' && id.length <= LONGEST_ID && !/[\p{Cc}\p{Cs}]/u.test(id);
  if (!fits)
    throw new DaggerError(
      'MESSAGE_INVALID',
      `the id of a message must be text of 1 to ${LONGEST_ID} characters without control characters, not ${describeValue(id)}`,
    );
};
