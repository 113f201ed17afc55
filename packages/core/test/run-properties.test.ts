import fc from 'fast-check';
import { describe, it } from 'vitest';
import { arbitraryNodes } from './model/arbitrary-graph.ts';
import { StateWalk, steps } from './model/state-walk.ts';

const policy = fc.constantFrom('continue', 'continue', 'pause', 'stop');

describe('the pure run state', () => {
  it('agrees with the naive model after every event, and never leaves a node hanging', () => {
    fc.assert(
      fc.property(arbitraryNodes, policy, fc.boolean(), steps, (nodes, onFailure, hooks, walk) => {
        const run = new StateWalk(nodes, onFailure, hooks);
        for (const step of walk) run.take(step);
        run.look();
        run.driveToTheEnd();
      }),
      { numRuns: Number(process.env.RUNS ?? 3_000) },
    );
  });
});
