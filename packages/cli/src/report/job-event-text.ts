import type { JobEvent } from '@dagger/tasks';
import colors from 'picocolors';
import { oneLine } from '../escape.ts';
import { duration } from './duration.ts';
import { errorText, LONGEST_ERROR } from './error-text.ts';
import { statusText } from './status.ts';

const MOST_NAMES = 5;

const names = (ids: readonly string[]): string =>
  ids
    .slice(0, MOST_NAMES)
    .map((id) => oneLine(id, 200))
    .join(', ') + (ids.length > MOST_NAMES ? ` and ${ids.length - MOST_NAMES} more` : '');

const reasonPart = (reason: string | null | undefined): string =>
  reason ? ` (${oneLine(reason, LONGEST_ERROR)})` : '';

/**
 * One event of a job as one line.
 * @param took milliseconds of the attempt that ended, where they are known
 */
export const jobEventText = (event: JobEvent, took?: number): string => {
  const who = oneLine('taskId' in event ? event.taskId : event.jobId, 200);
  switch (event.type) {
    case 'TaskAdded':
      return `${colors.cyan('+')} ${who} added, for the agent ${oneLine(event.agent, 80)}${event.by === null ? '' : `, by ${oneLine(event.by, 200)}`}`;
    case 'DependencyAdded':
      return `${colors.cyan('+')} ${who} needs ${names(event.needs)}`;
    case 'TaskStarted':
      return `${colors.cyan('▶')} ${who}${event.attempt > 1 ? ` attempt ${event.attempt}` : ''}`;
    case 'TaskProgress':
      return `${colors.cyan('…')} ${who} ${Math.round(event.fraction * 100)} %${reasonPart(event.message)}`;
    case 'TaskBlocked':
      return `${colors.yellow('‖')} ${who} ${event.needs.length === 0 ? 'blocked' : `waits for ${names(event.needs)}`}${reasonPart(event.message)}`;
    case 'TaskRetrying':
      return `${colors.yellow('↻')} ${who} attempt ${event.attempt} failed, again in ${duration(event.delayMs)}: ${errorText(event.error)}`;
    case 'TaskCrashed':
      return `${colors.red('✖')} ${who} lost its worker, ${oneLine(event.worker, 120)}: now ${event.next}`;
    case 'TaskCompleted':
      return `${colors.green('✔')} ${who}${took === undefined ? '' : colors.dim(` ${duration(took)}`)}`;
    case 'TaskFailed':
      return `${colors.red('✖')} ${who} failed: ${errorText(event.error)}`;
    case 'TaskSkipped':
      return `${colors.dim('○')} ${who} skipped, because ${oneLine(event.because, 200)} did not succeed`;
    case 'TaskCancelled':
      return `${colors.magenta('◌')} ${who} cancelled${reasonPart(event.reason)}`;
    case 'TaskInReview':
      return `${colors.yellow('?')} ${who} is to be reviewed by ${event.reviewer === null ? 'a person' : oneLine(event.reviewer, 80)}`;
    case 'TaskAccepted':
      return `${colors.green('✔')} ${who} accepted by ${oneLine(event.by, 200)}`;
    case 'TaskRejected':
      return `${colors.red('✖')} ${who} rejected by ${oneLine(event.by, 200)}${event.again ? ', to be done again' : ' for good'}: ${oneLine(event.reason, LONGEST_ERROR)}`;
    case 'TaskPaused':
      return `${colors.yellow('‖')} ${who} paused${reasonPart(event.reason)}`;
    case 'TaskResumed':
      return `${colors.cyan('▶')} ${who} resumed`;
    case 'TaskReopened':
      return `${colors.cyan('↻')} ${who} is to be done again${event.by === null ? '' : `, as ${oneLine(event.by, 200)} wants`}`;
    case 'JobStalled':
      return `${colors.red('!')} job ${who} stalled: ${event.reason === 'no_progress' ? 'nothing in it has moved for too long' : 'nothing in it can move'} (${event.action})`;
    case 'JobWaiting':
      return `${colors.yellow('?')} job ${who} waits for people: ${names(event.tasks)}`;
    case 'JobPaused':
      return `${colors.yellow('‖')} job ${who} paused${reasonPart(event.reason)}`;
    case 'JobResumed':
      return `${colors.cyan('▶')} job ${who} resumed`;
    case 'JobSealed':
      return `${colors.dim('■')} job ${who} takes no further tasks`;
    case 'JobFinished':
      return `${colors.dim('■')} job ${who} ${statusText(event.status)}${event.error === null ? '' : `: ${errorText(event.error)}`}`;
  }
};
