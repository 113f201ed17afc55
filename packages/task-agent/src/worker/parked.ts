import { DaggerError } from '@dagger/core';

/** What ends an attempt that waits for other tasks: the agent is to let it pass. */
export class Parked extends DaggerError {
  constructor(taskId: string) {
    super(
      'TASK_PARKED',
      `task '${taskId}' waits for other tasks and will be run again; let this error pass`,
      { ids: { taskId } },
    );
  }
}
