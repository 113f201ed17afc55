import { NonRetryableError } from '@dagger/core';
import { defineTaskAgent, type TaskAgent, type TaskContext } from '@dagger/tasks';
import { gate } from '../storage-contract/signals.ts';

/** Does nothing, and has done it. */
export const ok: TaskAgent = { name: 'ok', execute: () => {} };

/** Gives its input back. */
export const echo: TaskAgent = { name: 'echo', execute: ({ input }) => input };

/** Fails for good. */
export const broken: TaskAgent = defineTaskAgent({
  name: 'broken',
  execute: () => {
    throw new NonRetryableError('it is broken', { code: 'BROKEN' });
  },
});

/** An agent that is held in the middle of its work. */
export interface Held {
  readonly agent: TaskAgent;
  /** The contexts of its attempts, in the order in which they began. */
  readonly contexts: readonly TaskContext[];
  /** The first attempt has begun. */
  readonly begun: Promise<void>;
  /** Lets all attempts go on, and those that come. */
  release(): void;
}

/** Makes an agent that waits until it is released, and then gives the number of its attempt as `n`. */
export const held = (name = 'held', more: Omit<TaskAgent, 'name' | 'execute'> = {}): Held => {
  const [begun, end] = [gate(), gate()];
  const contexts: TaskContext[] = [];
  const agent: TaskAgent = defineTaskAgent({
    ...(more as object),
    name,
    async execute(ctx) {
      const n = contexts.push(ctx);
      begun.open();
      await end.passed;
      return { n };
    },
  });
  return { agent, contexts, begun: begun.passed, release: end.open };
};

/** The context of an attempt that has begun. */
export const contextOf = ({ contexts }: Held, attempt = 0): TaskContext => {
  const context = contexts[attempt];
  if (context === undefined) throw new Error(`attempt ${attempt} has not begun`);
  return context;
};
