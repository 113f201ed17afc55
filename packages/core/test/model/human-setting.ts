import * as fc from 'fast-check';
import type { NodeDefinition } from '../../src/graph/model.ts';

/** How a node asks. */
interface Asks {
  /** Minutes; null waits without end. */
  readonly wait: number | null;
  readonly autopilot: boolean;
  /** Whether a rejection fails it. */
  readonly fails: boolean;
}

export interface HumanNode {
  readonly id: string;
  /** Absent: it works. */
  readonly asks: Asks | undefined;
  readonly dependencies: readonly string[];
}

/** What happens to a run, one after the other. */
export type Step =
  | {
      readonly type: 'input';
      readonly node: string;
      readonly decision: 'approve' | 'reject' | 'answer';
      /** By the process of the run, if there is one; else by another. */
      readonly inside: boolean;
    }
  | { readonly type: 'advance'; readonly minutes: number }
  /** The process of the run ends. */
  | { readonly type: 'leave' }
  | { readonly type: 'return' };

export interface HumanSetting {
  readonly nodes: readonly HumanNode[];
  readonly steps: readonly Step[];
}

const seed = fc.record({
  works: fc.nat(2).map((n) => n === 0),
  asks: fc.record({
    wait: fc.constantFrom(null, null, 0, 1, 2, 3),
    autopilot: fc.boolean(),
    fails: fc.boolean(),
  }),
  picks: fc.array(fc.nat(99), { maxLength: 2 }),
});

const stepOf = (count: number): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        type: fc.constant('input' as const),
        node: fc.nat(count - 1).map((n) => `n${n}`),
        decision: fc.constantFrom('approve' as const, 'answer' as const, 'reject' as const),
        inside: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('advance' as const),
        minutes: fc.constantFrom(0.5, 1, 2),
      }),
    },
    { weight: 2, arbitrary: fc.constant<Step>({ type: 'leave' }) },
    { weight: 3, arbitrary: fc.constant<Step>({ type: 'return' }) },
  );

/** Several questions in parallel branches and behind one another, and what happens while they are open. */
export const arbitraryHumanSetting: fc.Arbitrary<HumanSetting> = fc
  .array(seed, { minLength: 2, maxLength: 7 })
  .chain((seeds) => {
    const nodes = seeds.map(({ works, asks, picks }, i): HumanNode => ({
      id: `n${i}`,
      asks: works ? undefined : asks,
      dependencies: i === 0 ? [] : [...new Set(picks.map((pick) => `n${pick % i}`))],
    }));
    return fc
      .array(stepOf(nodes.length), { maxLength: 10 })
      .map((steps): HumanSetting => ({ nodes, steps }));
  });

/** The node as a graph has it. */
export const definitionOf = ({ id, asks, dependencies }: HumanNode): NodeDefinition =>
  asks === undefined
    ? { id, action: 'work', dependencies }
    : {
        id,
        action: 'human_interrupt',
        dependencies,
        inputs: [
          { name: 'prompt', value: `${id}?` },
          { name: 'wait_minutes', value: asks.wait },
          { name: 'timeout_action', value: asks.autopilot ? 'autopilot' : 'pause' },
          { name: 'on_reject', value: asks.fails ? 'fail' : 'answer' },
        ],
      };
