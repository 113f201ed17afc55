import type { DependencyOutcome } from '../actions/context.ts';
import type { RunState } from '../run/state.ts';
import { isSettled, Status, statusName } from '../run/status.ts';

/** What became of the dependencies of a node so far, in the order of its definition. */
export const dependencyOutcomes = (state: RunState, n: number): readonly DependencyOutcome[] =>
  Object.freeze(
    state.topology.dependenciesOf(n).map(({ node }) => {
      const status = state.status[node] as Status;
      const notes = state.notes.get(node);
      return Object.freeze({
        nodeId: state.topology.idOf(node),
        status: isSettled(status)
          ? (statusName(status) as DependencyOutcome['status'])
          : 'unsettled',
        error: status === Status.FAILED ? (notes?.error ?? null) : null,
        reason: notes?.reason ?? null,
      });
    }),
  );
