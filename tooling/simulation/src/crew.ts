import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Outcome } from './simulate.ts';

/** Seeds that a process is given at a time. */
const BATCH = 20;

/** What a process is asked for, and what it answers. */
export interface Batch {
  readonly from: number;
  readonly seeds: number;
}

export interface BatchReport {
  readonly moves: number;
  readonly steps: number;
  readonly failures: readonly Outcome[];
}

export interface Tally {
  readonly seeds: number;
  readonly moves: number;
  readonly steps: number;
  readonly failures: readonly Outcome[];
}

export interface CrewOptions extends Batch {
  /** Called after each batch. */
  readonly progress: (done: number) => void;
}

/** Runs the schedules of many seeds on all cores; after the first that fails nothing more is begun. */
export const runCrew = async ({ from, seeds, progress }: CrewOptions): Promise<Tally> => {
  const tally = { seeds: 0, moves: 0, steps: 0, failures: [] as Outcome[] };
  let next = from;
  const end = from + seeds;
  const work = async (): Promise<void> => {
    const child = fork(new URL('./child.ts', import.meta.url), { execArgv: process.execArgv });
    try {
      while (next < end && tally.failures.length === 0) {
        const batch = { from: next, seeds: Math.min(BATCH, end - next) };
        next += batch.seeds;
        const report = await ask(child, batch);
        tally.seeds += batch.seeds;
        tally.moves += report.moves;
        tally.steps += report.steps;
        tally.failures.push(...report.failures);
        progress(tally.seeds);
      }
    } finally {
      child.disconnect();
    }
  };
  const processes = Math.max(1, Math.min(availableParallelism(), Math.ceil(seeds / BATCH)));
  await Promise.all(Array.from({ length: processes }, work));
  return tally;
};

const ask = (child: ChildProcess, batch: Batch): Promise<BatchReport> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`the process of seeds from ${batch.from} on ended with ${String(code)}`));
    child.once('exit', ended);
    child.once('message', (report) => {
      child.off('exit', ended);
      resolve(report as BatchReport);
    });
    child.send(batch);
  });
