import type { ExecutionEvent } from '@dagger/core';

export interface RunningNode {
  readonly since: number;
  readonly attempt: number;
  /** What the action last said of its progress. */
  readonly note: { readonly fraction: number; readonly message: string | null } | undefined;
}

/** Which nodes run and since when, as the events tell. */
export class AttemptTimes {
  readonly running: Map<string, RunningNode> = new Map();

  /** Takes an event in; gives the milliseconds of the attempt that it ends, if it ends one. */
  follow(event: ExecutionEvent): number | undefined {
    if (!('nodeId' in event)) return undefined;
    const { nodeId } = event;
    switch (event.type) {
      case 'NodeStarted':
        this.running.set(nodeId, { since: event.at, attempt: event.attempt, note: undefined });
        return undefined;
      case 'NodeProgress': {
        const known = this.running.get(nodeId);
        if (known !== undefined) this.running.set(nodeId, { ...known, note: event });
        return undefined;
      }
      case 'NodeWaiting':
        this.running.delete(nodeId);
        return undefined;
      case 'NodeCompleted':
      case 'NodeRetrying':
      case 'NodeFailed':
      case 'NodeSkipped':
      case 'NodeCancelled': {
        const since = this.running.get(nodeId)?.since;
        this.running.delete(nodeId);
        return since === undefined ? undefined : Math.max(0, event.at - since);
      }
      default:
        return undefined;
    }
  }
}
