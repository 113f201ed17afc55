import { describe, expect, it } from 'vitest';
import { crashAtEveryCommit, type CrashOptions } from '../src/index.ts';

const module = (name: string): URL => new URL(`crash/${name}.ts`, import.meta.url);

/** Only at one commit; `pnpm test:crash` takes all of much larger scenarios. */
const around = (commit: number): Pick<CrashOptions, 'points' | 'parallel'> => ({
  points: [
    { commit, side: 'before' },
    { commit, side: 'after' },
  ],
  // A process goes on with what the one before it left, so there is one less.
  parallel: 1,
});

/** Each starts a process for every kill. */
const timeout = 120_000;

describe('killing a process on both sides of every commit', { timeout }, () => {
  it('finds nothing to complain of in the engine [P1] [P6]', async () => {
    const { points, commits, unreached, violations } = await crashAtEveryCommit({
      scenario: module('chain'),
    });
    expect(violations).toEqual([]);
    // The run itself, its beginning, the end of each node, its own end.
    expect(commits).toBeGreaterThanOrEqual(4);
    expect([points, unreached]).toEqual([2 * commits, 0]);
  });

  it('finds a storage that acknowledges what it has not written', async () => {
    const { violations } = await crashAtEveryCommit({
      scenario: module('too-early'),
      ...around(3),
    });
    const messages = violations.map(({ side, message }) => `${side}: ${message}`);
    expect(messages).toContain('before: r/b: attempt 1 began before that was committed');
    expect(messages).toContain('before: r/a: its completion was told and is lost, it is running');
    expect(messages.filter((message) => message.startsWith('after'))).toEqual([]);
  });

  it('refuses a scenario that does not come to its end by itself', async () => {
    await expect(crashAtEveryCommit({ scenario: module('nowhere') })).rejects.toMatchObject({
      code: 'CRASH_SCENARIO',
      message: expect.stringContaining('nowhere'),
    });
  });
});

describe('killing a process with a job on both sides of a commit', { timeout }, () => {
  it('finds nothing to complain of in the manager', async () => {
    const { points, commits, unreached, violations } = await crashAtEveryCommit({
      scenario: module('job-chain'),
      // The end of the first task with the claim of the second.
      ...around(4),
    });
    expect(violations).toEqual([]);
    // The worker, the job with its first claim, the end of each task, the worker again.
    expect(commits).toBeGreaterThanOrEqual(5);
    expect([points, unreached]).toEqual([2, 0]);
  });

  it('finds a storage that acknowledges what it has not written', async () => {
    const { violations } = await crashAtEveryCommit({
      scenario: module('job-too-early'),
      ...around(6),
    });
    const messages = violations.map(({ side, message }) => `${side}: ${message}`);
    expect(messages).toContain('before: j/b: run 1 began before its claim was committed');
    expect(messages).toContain("before: j: 'TaskCompleted j/a' was told and is lost");
    expect(messages.filter((message) => message.startsWith('after'))).toEqual([]);
  });
});
