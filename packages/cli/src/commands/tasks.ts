import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { addAccept } from './tasks/accept.ts';
import { addTasksCancel } from './tasks/cancel.ts';
import { addTasksGraph } from './tasks/graph.ts';
import { addTasksPause, addTasksResume } from './tasks/hold.ts';
import { addJobs } from './tasks/jobs.ts';
import { addTasksList } from './tasks/list.ts';
import { addTasksReject } from './tasks/reject.ts';
import { addRetry } from './tasks/retry.ts';
import { addShow } from './tasks/show.ts';
import { addTree } from './tasks/tree.ts';
import { addWhy } from './tasks/why.ts';

const help = `
Example:
  dagger tasks jobs --storage tasks.db
  dagger tasks tree weekly --storage tasks.db
  dagger tasks why weekly/objective --storage tasks.db
  dagger tasks retry weekly/objective/gather --storage tasks.db

Jobs and tasks are those of the package @dagger/tasks, which must be installed. The id of a task begins with that of its
job; of an id that is not there, the one that was meant is named if only one begins so. To run tasks: \`dagger worker\`.
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command.addHelpText('after', help);
  for (const add of [
    addJobs,
    addTasksList,
    addShow,
    addWhy,
    addTree,
    addRetry,
    addTasksCancel,
    addAccept,
    addTasksReject,
    addTasksPause,
    addTasksResume,
    addTasksGraph,
  ])
    add(command, finish);
};
