import { DaggerError, toErrorData } from '../errors.ts';
import type { RunEvent } from '../run/events.ts';
import type { RunState } from '../run/state.ts';

/** The failure of a node that somebody rejected; see `RunState.isRejected`. */
export const rejection = (
  runId: string,
  state: RunState,
  n: number,
  at: number,
): RunEvent & { readonly type: 'NodeFailed' } => {
  const answer = state.notes.get(n)?.answer;
  const who = answer?.by === null || answer === undefined ? '' : ` by ${answer.by}`;
  const why = answer?.reason === null || answer === undefined ? '' : `: ${answer.reason}`;
  const error = new DaggerError('REJECTED', `rejected${who}${why}`, {
    ids: { runId, nodeId: state.topology.idOf(n) },
  });
  const { stack: _stack, ...data } = toErrorData(error);
  return { type: 'NodeFailed', n, at, error: { ...data, retryable: false } };
};
