import type { Why } from '@dagger/tasks';
import { oneLine } from '../escape.ts';
import { statusText } from './status.ts';

const LONGEST_REASON = 1_000;

/** Why a task is where it is, and what holds it up in the end. */
export const whyLines = ({ taskId, state, text, roots }: Why): readonly string[] => [
  `${oneLine(taskId, 200)} is ${statusText(state)}${text === `it is ${state}` ? '' : `: ${oneLine(text, LONGEST_REASON)}`}`,
  ...roots.map(
    (root) =>
      `  held up by ${oneLine(root.id, 200)} (${statusText(root.state)}): ${oneLine(root.text, LONGEST_REASON)}`,
  ),
];
