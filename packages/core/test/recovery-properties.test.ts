/* oxlint-disable vitest/expect-expect, vitest/valid-expect -- a property asserts; the message says after which commit */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../src/run/report.ts';
import { settingsWith } from './model/arbitrary-setting.ts';
import { completions, crashAndResume, record, type Setting } from './model/recorded-run.ts';

/** What must not depend on whether and where a run was interrupted. */
const results = (report: RunReport): unknown => ({
  status: report.status,
  rejected: report.rejectedCommands.map(({ error }) => error.message),
  unnamed: Object.values(report.nodes).filter(({ action }) => action === 'unnamed').length,
  nodes: Object.fromEntries(
    Object.values(report.nodes)
      .filter(({ action }) => action !== 'unnamed')
      .map(({ id, status, outputs, handler }) => [
        id,
        { status, outputs, handler: handler?.status },
      ]),
  ),
});

/** Lets the process die after each commit of a run in turn, and compares what becomes of the run. */
const crashEverywhere = async (setting: Setting): Promise<void> => {
  const whole = await record(setting);
  for (let kept = 0; kept < whole.groups.length; kept++) {
    const where = `after ${kept} of ${whole.groups.length} commits`;
    const resumed = await crashAndResume(setting, whole, kept);
    expect(results(resumed.report), where).toEqual(results(whole.report));
    expect(JSON.stringify(resumed.readBack), where).toBe(JSON.stringify(resumed.report));
    for (const id of completions(setting, whole.groups.slice(0, kept)))
      expect(resumed.log, `completed ${where}`).not.toContain(id);
    const starts = resumed.groups.flat().filter(({ type }) => type === 'NodeStarted').length;
    expect(resumed.report.metrics.attempts, where).toBe(starts);
  }
};

describe('the journal of a run', () => {
  it('gives back exactly the report that the run ended with [P5]', async () => {
    await fc.assert(
      fc.asyncProperty(settingsWith('none', 'at once', 'later'), async (setting) => {
        const { report, readBack } = await record(setting);
        expect(JSON.stringify(readBack)).toBe(JSON.stringify(report));
      }),
      { numRuns: 100 },
    );
  });

  it('may end after any commit: the resumed run has the same results, and runs no completed node again [P6] [P15]', async () => {
    await fc.assert(fc.asyncProperty(settingsWith('none'), crashEverywhere), { numRuns: 40 });
  });

  it('may end after any commit while a hook grows the run: each of its commands applies once', async () => {
    await fc.assert(fc.asyncProperty(settingsWith('at once'), crashEverywhere), { numRuns: 24 });
  });

  it('may end after any commit while a slow hook grows the run: each of its commands applies once [P23]', async () => {
    await fc.assert(fc.asyncProperty(settingsWith('later'), crashEverywhere), { numRuns: 24 });
  });

  it('may end after any commit while a hook answers to starts: each of its commands applies once', async () => {
    await fc.assert(fc.asyncProperty(settingsWith('to starts'), crashEverywhere), { numRuns: 30 });
  });

  it('may end after any commit of a cancellation: the resumed run has the results of one that nobody cancelled [P45]', async () => {
    await fc.assert(
      fc.asyncProperty(
        settingsWith('none'),
        fc.integer({ min: 1, max: 6 }),
        async (setting, cancelAfter) => {
          const quiet = await record(setting);
          const cancelled = await record({ ...setting, cancelAfter });
          for (let kept = 0; kept <= cancelled.groups.length; kept++) {
            const resumed = await crashAndResume(setting, cancelled, kept);
            const where = `after ${kept} of ${cancelled.groups.length} commits`;
            expect(results(resumed.report), where).toEqual(results(quiet.report));
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
