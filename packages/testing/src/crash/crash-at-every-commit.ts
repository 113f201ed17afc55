import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DaggerError } from '@dagger/core';
import { violationsOf } from './account.ts';
import type { Session, SessionResult, Side } from './child.ts';
import { runChild } from './process.ts';

/** Where a process was killed. */
export interface CrashPoint {
  /** The number of the commit; the first is 1. */
  readonly commit: number;
  readonly side: Side;
}

export interface CrashViolation extends CrashPoint {
  readonly message: string;
}

export interface CrashReport {
  /** Processes that were killed. */
  readonly points: number;
  /** Commits of the run that nothing disturbed. */
  readonly commits: number;
  /** Points that a process did not come to, since it took fewer commits than the undisturbed one. */
  readonly unreached: number;
  readonly violations: readonly CrashViolation[];
}

export interface CrashOptions {
  /** The URL of a module that exports a `CrashScenario` or a `JobCrashScenario` as `scenario`. */
  readonly scenario: URL;
  /** The URL of an empty storage for each name. Default: a SQLite file in a temporary folder. */
  readonly storage?: (name: string) => string | Promise<string>;
  /** Called when a storage is no longer needed. */
  readonly drop?: (name: string) => void | Promise<void>;
  /** Where processes are killed, such as at a violation that was found before. Default: on both sides of every commit. */
  readonly points?: readonly CrashPoint[];
  /** Processes at the same time. Default 2. */
  readonly parallel?: number;
}

interface Open extends CrashPoint, Session {
  readonly name: string;
}

const violation = ({ commit, side }: CrashPoint, message: string): CrashViolation => ({
  commit,
  side,
  message,
});

/** Both sides of every commit. */
const pointsOf = (commits: number): readonly CrashPoint[] =>
  Array.from({ length: commits }, (_, i) =>
    (['before', 'after'] as const).map((side) => ({ commit: i + 1, side })),
  ).flat();

/**
 * Kills a process with SIGKILL just before and just after every commit of a scenario, lets another process go on, and looks
 * at what became of it: nothing that was acknowledged is lost or runs again, nothing starts before the storage knows, no
 * command is applied twice, no task is added twice, and the end is that of a process which nothing disturbed, but for
 * times and the attempts of what was interrupted.
 * @throws DaggerError CRASH_SCENARIO when the scenario does not come to its end undisturbed
 */
export const crashAtEveryCommit = async (options: CrashOptions): Promise<CrashReport> => {
  const folder = mkdtempSync(join(tmpdir(), 'dagger-crash-'));
  const scenario = options.scenario.href;
  const cache = process.env['NODE_COMPILE_CACHE'] ?? join(folder, 'compiled');
  const storageOf = options.storage ?? ((name: string) => `sqlite:${join(folder, `${name}.db`)}`);
  const open = async (name: string): Promise<Session> => ({
    storage: await storageOf(name),
    effects: join(folder, `${name}.jsonl`),
  });

  const undisturbed = async (): Promise<SessionResult> => {
    const session = await open('undisturbed');
    const { results, failure } = await runChild({ scenario, run: session }, cache);
    await options.drop?.('undisturbed');
    const [result] = results;
    if (result !== undefined && failure === undefined) return result;
    throw new DaggerError('CRASH_SCENARIO', `undisturbed, it ended otherwise: ${failure}`);
  };

  try {
    const { account: expected, commits } = await undisturbed();
    const points = [...(options.points ?? pointsOf(commits))];
    const violations: CrashViolation[] = [];
    let killedCount = 0;
    let unreached = 0;

    /** Each process goes on with what the one before it left, then dies itself. */
    const lane = async (): Promise<void> => {
      let left: Open | undefined;
      for (;;) {
        const point = points.shift();
        const next = point === undefined ? undefined : await openPoint(point);
        if (left === undefined && next === undefined) return;
        const { results, killed, failure } = await runChild(
          {
            scenario,
            ...(left === undefined ? {} : { resume: left }),
            ...(next === undefined ? {} : { run: { ...next, die: next } }),
          },
          cache,
        );
        if (left !== undefined) {
          const resumed = results.find(({ kind }) => kind === 'resume');
          judge(left, resumed, failure);
          await options.drop?.(left.name);
          if (resumed === undefined && next !== undefined) {
            // It did not get so far as to begin.
            points.unshift(next);
            await options.drop?.(next.name);
            left = undefined;
            continue;
          }
        }
        left = next;
        if (next === undefined) continue;
        if (killed) killedCount++;
        else if (failure === undefined) unreached++;
        else violations.push(violation(next, `before its crash: ${failure}`));
      }
    };
    const judge = (
      left: Open,
      resumed: SessionResult | undefined,
      failure: string | undefined,
    ): void => {
      const messages =
        resumed === undefined
          ? [`could not go on: ${failure ?? 'the process said nothing'}`]
          : violationsOf(expected, resumed.account, left.effects);
      violations.push(...messages.map((message) => violation(left, message)));
    };
    const openPoint = async (point: CrashPoint): Promise<Open> => {
      const name = `${point.side}-${point.commit}`;
      return { ...point, name, ...(await open(name)) };
    };
    await Promise.all(Array.from({ length: options.parallel ?? 2 }, lane));
    return { points: killedCount, commits, unreached, violations };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
