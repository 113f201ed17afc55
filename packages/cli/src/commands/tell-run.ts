import type { Delivery, ExecutorCommand } from '@dagger/core';
import { oneLine } from '../escape.ts';
import { ExitCode } from '../exit-code.ts';
import { print } from '../output.ts';
import { resumeCommand } from '../report/how-to-resume.ts';
import { openExisting } from '../storage.ts';

/** Milliseconds that a command waits for the process that works on the run. */
export const PATIENCE = 3_000;

export interface TellOptions {
  readonly storage?: string;
  readonly json?: true;
}

interface RunPlace {
  readonly runId: string;
  readonly storage: string;
  /** Whether the run goes on. */
  readonly running: boolean;
}

/** What became of a command, for people. */
export const deliveryText = (delivery: Delivery, { runId, storage, running }: RunPlace): string => {
  switch (delivery) {
    case 'applied':
      return running ? 'taken up by the process that works on the run' : 'done';
    case 'sent':
      return `stored; the process that works on the run has not taken it up within ${PATIENCE / 1000} s, and will`;
    case 'stored':
      return `stored; nobody works on the run. To go on, with its actions:\n  ${resumeCommand(runId, storage)}`;
  }
};

/** Sends a command to a run in storage and says what became of it. */
export const tellRun = async (
  runId: string,
  command: ExecutorCommand,
  what: string,
  { storage = '', json }: TellOptions,
): Promise<ExitCode> => {
  await using executor = await openExisting(storage);
  const delivery = await executor.send(runId, command, { waitMs: PATIENCE });
  const running = (await executor.report(runId)).status === 'running';
  await print(
    json === true
      ? `${JSON.stringify({ runId, command, delivery }, null, 2)}\n`
      : `${oneLine(what)}: ${deliveryText(delivery, { runId, storage, running })}\n`,
  );
  return ExitCode.SUCCESS;
};
