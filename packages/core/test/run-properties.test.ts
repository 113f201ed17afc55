/* oxlint-disable vitest/expect-expect -- the walks assert */
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { arbitraryNodes } from './model/arbitrary-graph.ts';
import { executorSteps, ExecutorWalk, settings } from './model/executor-walk.ts';
import { anySteps, growingSteps, StateWalk } from './model/state-walk.ts';

const policy = fc.constantFrom('continue', 'continue', 'pause', 'stop');

// A busy machine may take long for many walks.
const PATIENT = { timeout: 120_000 };

describe('the pure run state', PATIENT, () => {
  it('agrees with the naive model after every event, and leaves no node hanging', () => {
    fc.assert(
      fc.property(
        arbitraryNodes,
        policy,
        fc.boolean(),
        anySteps,
        (nodes, onFailure, hooks, walk) => {
          const run = new StateWalk(nodes, onFailure, hooks);
          for (const step of walk) run.take(step);
          run.look();
          run.driveToTheEnd();
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('goes on from a snapshot of itself after every event as if nothing had been [P76]', () => {
    fc.assert(
      fc.property(
        arbitraryNodes,
        policy,
        fc.boolean(),
        anySteps,
        (nodes, onFailure, hooks, walk) => {
          const run = new StateWalk(nodes, onFailure, hooks);
          run.viaSnapshots = true;
          for (const step of walk) run.take(step);
          run.look();
          run.driveToTheEnd();
        },
      ),
      { numRuns: 500 },
    );
  });

  it('grows in and around paused branches as the naive model does', () => {
    fc.assert(
      fc.property(arbitraryNodes, growingSteps, (nodes, walk) => {
        const run = new StateWalk(nodes, 'continue', false);
        for (const step of walk) run.take(step);
        run.look();
        run.driveToTheEnd();
      }),
      { numRuns: 500 },
    );
  });
});

describe('the executor in memory', PATIENT, () => {
  it('starts what may start, and at once, and ends with the report of the naive model', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryNodes, settings, executorSteps, async (nodes, chosen, walk) => {
        const run = await ExecutorWalk.begin(nodes, chosen);
        for (const step of walk) await run.take(step);
        await run.finish();
      }),
      { numRuns: 500 },
    );
  });
});
