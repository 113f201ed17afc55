import { DaggerError } from '@dagger/core';
import { ExitCode } from './exit-code.ts';
import { InvalidCommandLine } from './invalid-command-line.ts';

/** Codes of errors that mean: what was asked for cannot work as it was asked. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'ACTION_DUPLICATE',
  'ACTION_INVALID',
  'ACTION_UNKNOWN',
  'AGENT_DUPLICATE',
  'AGENT_INVALID',
  'AGENT_NOT_ALLOWED',
  'AGENT_UNKNOWN',
  'CHANNEL_INVALID',
  'COMMAND_REJECTED',
  'CONFIG_INVALID',
  'DAG_DUPLICATE',
  'DAG_UNKNOWN',
  'GRAPH_INVALID',
  'GROUP_BUSY',
  'GROUP_UNKNOWN',
  'INPUT_INVALID',
  'JOB_FINISHED',
  'JOB_INVALID',
  'JOB_UNKNOWN',
  'MESSAGE_UNKNOWN',
  'NOT_JSON',
  'REVIEW_UNKNOWN',
  'RUN_CONFLICT',
  'RUN_UNKNOWN',
  'STORAGE_MISSING',
  'STORAGE_URL',
  'TASK_CYCLE',
  'TASK_INVALID',
  'TASK_STATE',
  'TASK_UNKNOWN',
]);

export const exitCodeOfError = (error: unknown): ExitCode =>
  error instanceof InvalidCommandLine ||
  (error instanceof DaggerError && USAGE_CODES.has(error.code))
    ? ExitCode.USAGE
    : ExitCode.FAILED;
