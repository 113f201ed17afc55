import * as fc from 'fast-check';
import { ActionRegistry } from '../../src/actions/registry.ts';
import type { ActionContext } from '../../src/actions/context.ts';
import type { DependencySpec, InputField, NodeDefinition } from '../../src/graph/model.ts';
import type { EventHook } from '../../src/hooks/hook.ts';
import type { JsonObject } from '../../src/json.ts';
import { arbitraryNodes, failuresOf } from './arbitrary-graph.ts';
import type { Setting } from './recorded-run.ts';

/** How the hooks of a setting answer. */
type Answers = 'none' | 'at once' | 'later' | 'to starts';

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A node whose end does not depend on when things happen, reading the outputs of what it needs. */
const settledNode = (node: NodeDefinition, trait: number): NodeDefinition => {
  const { onfailure: _, ...rest } = node;
  const failures = failuresOf(node);
  const required = (node.dependencies ?? []).filter(
    (d): d is string => typeof d === 'string' && node.join === undefined,
  );
  const inputs: InputField[] = [
    { name: 'self', value: node.id },
    ...required.map((id): InputField => ({ name: id, reference: `${id}.value` })),
  ];
  return {
    ...rest,
    inputs,
    tryCount: failures === 9 ? (node.tryCount as number) : failures + 1,
    ...(trait % 3 === 0 ? { cacheStrategy: 'always' as const } : {}),
    ...(trait % 2 === 0 ? { failure: 'handler' } : {}),
  };
};

/** Depends on everything, whatever becomes of it, and sees what all of it wrote. */
const collector = (nodes: readonly NodeDefinition[]): NodeDefinition => ({
  id: 'collector',
  action: 'collect',
  dependencies: nodes.map(({ id }): DependencySpec => ({ id, optional: true })),
});

const PARENTS = /^n\d*[02468]$/;

const hooksOf = (answers: Answers): readonly EventHook[] => {
  if (answers === 'none') return [];
  const grow: EventHook = {
    name: 'grower',
    events: answers === 'to starts' ? ['NodeStarted'] : ['NodeCompleted'],
    handle: (_, event) => {
      if (event.type === 'NodeStarted' && event.attempt === 1 && PARENTS.test(event.nodeId))
        return [{ type: 'AddNode', spec: { action: 'unnamed' } }];
      if (event.type !== 'NodeCompleted' || !PARENTS.test(event.nodeId)) return undefined;
      const child = {
        id: `${event.nodeId}_child`,
        action: 'fails-0',
        tryCount: 1,
        deps: [event.nodeId],
      };
      const commands = [
        { type: 'AddNode', spec: { ...child, inputs: { self: child.id } } },
        { type: 'AddNode', spec: { action: 'unnamed', deps: [event.nodeId] } },
      ] as const;
      return answers === 'at once' ? commands : turns(2).then(() => commands);
    },
  };
  return [grow];
};

const actionsOf =
  (delays: readonly number[]) =>
  (log: string[]): ActionRegistry => {
    const registry = new ActionRegistry();
    const work = async (ctx: ActionContext, failures: number): Promise<JsonObject> => {
      const { nodeId, attempt, inputs, cache, signal } = ctx;
      log.push(nodeId);
      await turns(
        delays[(nodeId.length + attempt + Number(nodeId.at(-1) ?? 0)) % delays.length] ?? 0,
      );
      signal.throwIfAborted();
      // Dropped again when the attempt fails.
      if (!nodeId.endsWith('_child')) cache.appendGlobal('all', 'ids', nodeId);
      cache.insertGlobal('by', nodeId, attempt > 0);
      if (attempt <= failures) throw new Error(`${nodeId} fails`);
      const { self: _, ...values } = inputs;
      const sum = Object.values(values).reduce<number>((total, value) => total + Number(value), 1);
      return { by: nodeId, value: sum };
    };
    for (const failures of [0, 1, 2, 9])
      registry.registerFn(`fails-${failures}`, (ctx) => work(ctx, failures));
    registry.registerFn('unnamed', ({ nodeId }) => void log.push(nodeId));
    registry.registerFn('handler', ({ nodeId }) => {
      log.push(`handler of ${nodeId}`);
      return { handled: nodeId };
    });
    registry.registerFn('collect', ({ nodeId, cache }) => {
      log.push(nodeId);
      const ids = cache.getGlobal<readonly string[]>('all', 'ids') ?? [];
      return { ids: ids.toSorted() };
    });
    return registry;
  };

export const settingsWith = (...among: readonly Answers[]): fc.Arbitrary<Setting> =>
  fc
    .record({
      nodes: arbitraryNodes,
      traits: fc.array(fc.nat(5), { minLength: 12, maxLength: 12 }),
      slots: fc.integer({ min: 1, max: 5 }),
      answers: fc.constantFrom(...among),
      delays: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
    })
    .map(({ nodes, traits, slots, answers, delays }) => {
      const settled =
        nodes.slice(0, 8).length === nodes.length
          ? nodes
          : nodes.filter(({ id }) => id.length === 2);
      const all = settled.map((node, i) => settledNode(node, traits[i] ?? 1));
      return {
        nodes: [...all, collector(all)],
        config: {
          onFailure: 'continue' as const,
          maxParallelNodes: slots,
          retryStrategy: 'immediate' as const,
        },
        hooks: () => hooksOf(answers),
        actions: actionsOf(delays),
      };
    });
