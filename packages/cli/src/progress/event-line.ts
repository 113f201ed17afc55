import type { ExecutionEvent } from '@dagger/core';
import colors from 'picocolors';
import { oneLine } from '../escape.ts';
import { duration } from '../report/duration.ts';
import { errorText, LONGEST_ERROR } from '../report/error-text.ts';

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

const reasonText = (reason: string | null): string =>
  reason ? ` (${oneLine(reason, LONGEST_ERROR)})` : '';

/**
 * One event as one line; undefined for what is told in another way.
 * @param took milliseconds of the attempt that ended.
 */
export const eventLine = (event: ExecutionEvent, took: number | undefined): string | undefined => {
  const time = took === undefined ? '' : colors.dim(` ${duration(took)}`);
  const node = 'nodeId' in event ? oneLine(event.nodeId) : '';
  switch (event.type) {
    case 'NodeStarted':
      return `${colors.cyan('▶')} ${node}${event.attempt > 1 ? ` attempt ${event.attempt}` : ''}`;
    case 'NodeCompleted':
      return `${colors.green('✔')} ${node}${event.outcome.cached ? colors.dim(' from an earlier run') : time}`;
    case 'NodeRetrying':
      return `${colors.yellow('↻')} ${node} attempt ${event.attempt} failed, again in ${duration(event.delayMs)}: ${errorText(event.error)}`;
    case 'NodeFailed':
      return `${colors.red('✖')} ${node} failed after ${counted(event.attempt, 'attempt')}: ${errorText(event.error)}`;
    case 'NodeSkipped':
      return `${colors.dim('○')} ${node} skipped${reasonText(event.reason)}`;
    case 'NodeCancelled':
      return `${colors.magenta('◌')} ${node} cancelled${reasonText(event.reason)}`;
    case 'NodeProgress':
      return `${colors.cyan('…')} ${node} ${Math.round(event.fraction * 100)} %${reasonText(event.message)}`;
    case 'HandlerCompleted':
      return `${colors.yellow('✔')} ${node} was handled by its failure action`;
    case 'HandlerFailed':
      return `${colors.red('✖')} ${node} failure action failed: ${errorText(event.error)}`;
    case 'InputsSet':
      return `${colors.cyan('✎')} ${node} got new inputs`;
    case 'BranchPaused':
      return `${colors.yellow('‖')} ${node} paused${reasonText(event.reason)}`;
    case 'BranchResumed':
      return `${colors.cyan('▶')} ${node} resumed`;
    case 'BranchCancelled':
      return `${colors.magenta('◌')} the branch of ${node} was cancelled${reasonText(event.reason)}`;
    case 'NodeWaiting':
      return `${colors.yellow('?')} ${node} waits: ${oneLine(event.prompt, LONGEST_ERROR)}${event.due === null ? '' : colors.dim(` until ${new Date(event.due).toISOString()}`)}`;
    case 'InputGiven':
      return `${colors.cyan('!')} ${node}: ${event.decision}${event.by === null ? '' : ` by ${oneLine(event.by, 80)}`}${reasonText(event.reason)}`;
    case 'WaitExpired':
      return `${colors.yellow('?')} ${node}: nobody answered in time`;
    case 'CacheUpdated':
      return `${colors.cyan('✎')} ${oneLine(`${event.namespace}.${event.key}`, 80)} was set`;
    case 'RunPausing':
      return `${colors.yellow('‖')} pausing: ${oneLine(event.error.message, LONGEST_ERROR)}`;
    case 'NodesAdded':
      return `${colors.cyan('+')} ${counted(event.nodes.length, 'node')} added`;
    case 'NodesEnabled':
      return `${colors.cyan('+')} ${counted(event.nodeIds.length, 'node')} enabled`;
    case 'NodesDisabled':
      return `${colors.dim('○')} ${counted(event.nodeIds.length, 'node')} disabled`;
    case 'LimitReached':
      return `${colors.red('✖')} ${event.limit} reached: ${event.used} of ${event.bound}`;
    case 'CommandRejected':
      return `${colors.yellow('!')} a command of ${oneLine(event.by, 80)} was refused: ${errorText(event.error)}`;
    case 'CustomEvent':
      return `${colors.cyan('i')} ${oneLine(JSON.stringify(event.event), LONGEST_ERROR)}`;
    case 'RunForked':
      return colors.dim(`goes on from run ${oneLine(event.from, 80)}`);
    case 'RunResumed':
      return colors.dim(event.retry ? 'going on; what had failed gets another chance' : 'going on');
    case 'RunStopping':
      return `${colors.yellow('■')} stopping: ${oneLine(event.error.message, LONGEST_ERROR)}`;
    case 'RunStarted':
    case 'RunFinished':
      return undefined;
  }
};
