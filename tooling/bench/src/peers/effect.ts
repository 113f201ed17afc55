import * as Deferred from 'effect/Deferred';
import * as Effect from 'effect/Effect';
import type { Contender } from '../contender.ts';
import type { Output } from '../work.ts';

/** Effect, written as its documentation has it: a fiber per node, a Deferred that its dependents await. */
export const effect: Contender = {
  name: 'effect',

  async run(plan, work) {
    const outputs = new Map<string, Deferred.Deferred<Output>>();
    const runNode = (id: string, deps: readonly string[]): Effect.Effect<void> =>
      Effect.gen(function* () {
        for (const dep of deps) yield* Deferred.await(outputs.get(dep)!);
        const output = yield* Effect.promise(work.run);
        yield* Deferred.succeed(outputs.get(id)!, output);
      });
    const program = Effect.gen(function* () {
      for (const { id } of plan.nodes) outputs.set(id, yield* Deferred.make<Output>());
      yield* Effect.forEach(plan.nodes, ({ id, deps }) => runNode(id, deps), {
        concurrency: 'unbounded',
        discard: true,
      });
    });
    await Effect.runPromise(program);
    return outputs;
  },

  async grow(total, work) {
    const outputs = new Map<string, Output>();
    let added = 1;
    const runNode = (id: string): Effect.Effect<void> =>
      Effect.gen(function* () {
        outputs.set(id, yield* Effect.promise(work.run));
        const children: string[] = [];
        while (children.length < 2 && added < total) children.push(`n${added++}`);
        yield* Effect.forEach(children, runNode, { concurrency: 'unbounded', discard: true });
      });
    await Effect.runPromise(runNode('n0'));
    return outputs;
  },
};
