/* oxlint-disable vitest/expect-expect, vitest/valid-expect -- a property asserts; the message says after which step */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { humanRun, type HumanRun } from './model/human-run.ts';
import { arbitraryHumanSetting, type HumanSetting, type Step } from './model/human-setting.ts';

const MINUTE = 60_000;

const perform = async (run: HumanRun, step: Step): Promise<void> => {
  switch (step.type) {
    case 'input':
      return run.give(step.node, step.decision, step.inside);
    case 'advance':
      return run.clock.advance(step.minutes * MINUTE);
    case 'leave':
      return run.leave();
    case 'return':
      return run.comeBack();
  }
};

/** The report lists those who wait, and they are those who must. */
const waitersAreListed = async (run: HumanRun, { nodes }: HumanSetting): Promise<void> => {
  const report = await run.report();
  const listed = report.waiting.map(({ nodeId }) => nodeId).toSorted();
  const waiting = Object.values(report.nodes).filter(({ status }) => status === 'waiting');
  expect(listed).toEqual(waiting.map(({ id }) => id).toSorted());
  expect(report.counts.waiting).toBe(listed.length);
  if (!run.present) return;
  for (const { id, asks, dependencies } of nodes) {
    if (asks === undefined) continue;
    const open = dependencies.every((d) => report.nodes[d]?.status === 'succeeded');
    const { since, wait, autopilot } = { since: run.askedAt(id), ...asks };
    const timeIsUp =
      since !== undefined && wait !== null && run.clock.now() >= since + wait * MINUTE;
    const must = open && run.given(id).length === 0 && !(autopilot && timeIsUp);
    expect(report.nodes[id]?.status === 'waiting', `${id} waits`).toBe(must);
  }
};

/** What became of each question is what the first input for it said, and nothing was asked or done twice. */
const answersAreTakenOnce = async (run: HumanRun, { nodes }: HumanSetting): Promise<void> => {
  const report = await run.report();
  for (const { id, asks, dependencies } of nodes) {
    const node = report.nodes[id];
    if (node?.status === 'skipped') {
      const lost = dependencies.some((d) => report.nodes[d]?.status !== 'succeeded');
      expect(lost, `${id} is skipped for a reason`).toBe(true);
      continue;
    }
    if (asks === undefined) {
      expect(
        run.log.filter((done) => done === id),
        `${id} ran once`,
      ).toHaveLength(1);
      continue;
    }
    expect(run.timesAsked(id), `${id} asked once`).toBe(1);
    const [first] = run.given(id);
    const { answer } = node as { readonly answer: { decision: string; data: unknown } | null };
    if (answer?.decision === 'autopilot') {
      const due = (run.askedAt(id) as number) + (asks.wait as number) * MINUTE;
      expect(asks.autopilot).toBe(true);
      if (first !== undefined) expect(first.at, `${id} had its answer`).toBeGreaterThanOrEqual(due);
      continue;
    }
    expect(answer, `${id} was answered`).toMatchObject({ data: first?.mark });
    const refused = first?.decision === 'reject' && asks.fails;
    expect(node?.status, id).toBe(refused ? 'failed' : 'succeeded');
  }
};

describe('questions to people', () => {
  it('are each answered by the first input for them, whenever it came, and none is forgotten [P31]', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryHumanSetting, async (setting) => {
        const run = await humanRun(setting);
        for (const step of setting.steps) {
          await perform(run, step);
          await run.clock.advance(1);
          await run.clock.settle(20);
          await waitersAreListed(run, setting);
          await run.mustReadTheSame();
        }
        await run.finish();
        await answersAreTakenOnce(run, setting);
        await run.close();
      }),
      { numRuns: 60 },
    );
  });

  it('survive a crash after any commit: what was answered stays so, the rest is asked and answered [P32]', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryHumanSetting, async (setting) => {
        const whole = await humanRun(setting);
        for (const step of setting.steps) {
          await perform(whole, step);
          await whole.clock.advance(1);
        }
        await whole.finish();
        for (let kept = 1; kept < whole.groups; kept++) {
          const again = await whole.crashedAfter(kept);
          const before = await again.report();
          await again.comeBack();
          await again.clock.advance(1);
          await again.mustReadTheSame();
          await again.finish();
          const after = await again.report();
          const where = `after ${kept} of ${whole.groups} commits`;
          const nodes = Object.values(before.nodes);
          for (const { id, answer } of nodes.filter((node) => node.answer !== null))
            expect(after.nodes[id]?.answer, `${id} ${where}`).toEqual(answer);
          for (const { id } of nodes.filter(({ status }) => status === 'succeeded'))
            expect(again.log, where).not.toContain(id);
          for (const { status } of Object.values(after.nodes))
            expect(['succeeded', 'failed', 'skipped'], where).toContain(status);
          expect(after.waiting, where).toEqual([]);
          await again.close();
        }
        await whole.close();
      }),
      { numRuns: 10 },
    );
  });
});
