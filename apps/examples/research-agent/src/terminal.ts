import type { JobEvent } from '@dagger/tasks';

const short = (taskId: string): string => taskId.slice(taskId.indexOf('/') + 1);

/** An event of the job as a line; undefined for what a reader need not see. */
export const inWords = (event: JobEvent): string | undefined => {
  switch (event.type) {
    case 'TaskStarted':
      return `runs       ${short(event.taskId)}`;
    case 'TaskBlocked':
      return `waits      ${short(event.taskId)}: ${event.message ?? event.needs.map(short).join(', ')}`;
    case 'TaskCompleted':
      return `completed  ${short(event.taskId)}`;
    case 'TaskCrashed':
      return `crashed    ${short(event.taskId)} with ${event.worker}: ${event.next}`;
    case 'TaskRejected':
      return `sent back  ${short(event.taskId)}: ${event.reason}`;
    case 'TaskAccepted':
      return `accepted   ${short(event.taskId)}`;
    case 'JobStalled':
      return `stalled    ${event.action}`;
    case 'TaskReopened':
      return `reopened   ${short(event.taskId)}`;
    default:
      return undefined;
  }
};
