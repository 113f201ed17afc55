import {
  ActionRegistry,
  DagExecutor,
  systemClock,
  type Clock,
  type DagConfigInput,
  type JsonValue,
  type NodeDefinition,
  type Storage,
} from '@dagger/core';
import { onTestFinished } from 'vitest';
import { gate, type Gate } from './signals.ts';

/** What the actions of a test did, and hands on them. */
export interface World {
  /** The nodes that ran, in the order of their starts. */
  readonly ran: string[];
  /** While it is set, `flaky` fails. */
  broken: boolean;
  /** Opens when `wait` has begun. */
  readonly waiting: Gate;
  /** `wait` ends when it is opened. */
  readonly release: Gate;
}

export const newWorld = (): World => ({
  ran: [],
  broken: false,
  waiting: gate(),
  release: gate(),
});

const registryOf = (world: World): ActionRegistry =>
  new ActionRegistry([
    {
      name: 'ok',
      execute: ({ nodeId }) => {
        world.ran.push(nodeId);
        return { from: nodeId };
      },
    },
    {
      name: 'echo',
      execute: ({ nodeId, inputs }) => {
        world.ran.push(nodeId);
        return { echo: inputs['value'] ?? null };
      },
    },
    {
      name: 'flaky',
      execute: ({ nodeId }) => {
        world.ran.push(nodeId);
        if (world.broken) throw new Error('broken');
      },
    },
    {
      name: 'wait',
      execute: async ({ nodeId }) => {
        world.ran.push(nodeId);
        world.waiting.open();
        await world.release.passed;
      },
    },
  ]);

/** The graphs that executors of the suite know. */
const GRAPHS: { readonly [name: string]: readonly NodeDefinition[] } = {
  chain: [
    { id: 'a', action: 'ok' },
    { id: 'f', action: 'flaky', dependencies: ['a'] },
    { id: 'b', action: 'ok', dependencies: ['f'] },
  ],
  waiting: [
    { id: 'a', action: 'ok' },
    { id: 'w', action: 'wait', dependencies: ['a'] },
    { id: 'b', action: 'ok', dependencies: ['w'] },
  ],
  wide: Array.from({ length: 60 }, (_, i) => ({
    id: `n${i}`,
    action: 'ok',
    dependencies: i < 10 ? [] : [`n${i - 10}`],
  })),
  'Grüße 世界 👋': [
    { id: 'é', action: 'echo', inputs: [{ name: 'value', reference: 'inputs.value' }] },
  ],
};

/** An executor on a storage, with the actions of a world and the graphs above. */
export const openExecutor = async (
  storage: Storage,
  world: World,
  options: { readonly clock?: Clock; readonly config?: DagConfigInput } = {},
): Promise<DagExecutor> => {
  const executor = await DagExecutor.open({
    registry: registryOf(world),
    storage,
    clock: options.clock ?? systemClock,
    config: { maxAttempts: 1, ...options.config },
  });
  for (const [name, nodes] of Object.entries(GRAPHS)) executor.add({ name, nodes });
  onTestFinished(async () => executor.close().catch(() => {}));
  return executor;
};

/** A clock for an executor to which every lease has run out; it renews none. */
export const muchLater: Clock = {
  now: () => systemClock.now() + 3_600_000,
  after: () => () => {},
};

/** Every row of a run's journal, in order. */
export const journalOf = async (
  storage: Storage,
  runId: string,
): Promise<readonly { readonly seq: number; readonly body: string }[]> =>
  storage.db
    .selectFrom('dagger_journal')
    .select(['seq', 'body'])
    .where('run_id', '=', runId)
    .orderBy('seq')
    .execute();

/** A chain of cached nodes that give their input back. */
export const cachedNodes = (values: readonly JsonValue[]): readonly NodeDefinition[] =>
  values.map((value, i) => ({
    id: `c${i}`,
    action: 'echo',
    cacheStrategy: 'always',
    inputs: [{ name: 'value', value }],
  }));
