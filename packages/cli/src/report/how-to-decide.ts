import type { TaskState, Why } from '@dagger/tasks';
import { oneLine } from '../escape.ts';
import { commandLine, storageWords } from './how-to-resume.ts';

/** Of many tasks that wait for people, so many are shown with the command that decides. */
export const MOST_HINTS = 5;

const VERBS: { readonly [S in TaskState]?: string } = {
  in_review: 'accept',
  paused: 'resume',
  blocked: 'retry',
};

/** What waits for people, and the commands with which they decide. */
export const howToDecide = (waiting: readonly Why[], storage: string): readonly string[] => [
  ...waiting.slice(0, MOST_HINTS).flatMap(({ taskId, state, text }) => {
    const verb = VERBS[state];
    return [
      `${oneLine(taskId, 200)}: ${oneLine(text, 300)}`,
      ...(verb === undefined
        ? []
        : [`  ${commandLine(['dagger', 'tasks', verb, taskId, ...storageWords(storage)])}`]),
    ];
  }),
  ...(waiting.length > MOST_HINTS ? [`… and more; \`dagger tasks list\` has them all`] : []),
];
