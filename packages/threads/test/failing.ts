import { failure, NonRetryableError, success } from '@dagger/core';
import type { ThreadContext } from '../src/index.ts';

/** Ends in the way that its inputs say. */
export const failing = ({
  inputs,
}: Pick<ThreadContext<{ readonly how: string }>, 'inputs'>): unknown => {
  const cause = new Error('the disk is full');
  if (inputs.how === 'coded')
    throw Object.assign(new RangeError('too far', { cause }), { code: 'E_FAR' });
  if (inputs.how === 'final') throw new NonRetryableError('never', { code: 'E_NEVER', cause });
  if (inputs.how === 'returned') return failure(new Error('said no'), { model: 'm' });
  if (inputs.how === 'uncopied') return { f: () => {} };
  if (inputs.how === 'text') throw 'just text' as unknown as Error;
  return success({ well: true }, { model: 'm' });
};
