import {
  ActionRegistry,
  DagExecutor,
  defineAction,
  waitForInput,
  type ActionContext,
  type RunReport,
} from '@dagger/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { postgres } from '../src/index.ts';
import { dropSchema, SERVER, serverIsMissing, unusedSchema } from './server.ts';

const missing = await serverIsMissing();

const setup = (): { readonly open: () => Promise<DagExecutor> } => {
  const schema = unusedSchema();
  onTestFinished(() => dropSchema(schema));
  const registry = new ActionRegistry([
    defineAction({
      name: 'large',
      execute: ({ inputs }: ActionContext<{ readonly of: string }>) => ({
        text: inputs.of.repeat(20_000),
      }),
    }),
    defineAction({
      name: 'length',
      execute: ({ inputs }: ActionContext<{ readonly text: string }>) => ({
        n: inputs.text.length,
      }),
    }),
    defineAction({ name: 'ask', execute: ({ answer }) => answer ?? waitForInput({ prompt: '?' }) }),
  ]);
  const large = (id: string, ...dependencies: string[]) => ({
    id,
    action: 'large',
    dependencies,
    inputs: [{ name: 'of', reference: 'inputs.of' }],
    cacheStrategy: 'always' as const,
  });
  const open = async (): Promise<DagExecutor> => {
    const storage = postgres({ url: SERVER, schema, max: 3 });
    const executor = await DagExecutor.open({ registry, storage, cacheLimits: { maxEntries: 2 } });
    onTestFinished(() => executor.close());
    executor.add({
      name: 'g',
      nodes: [
        large('a'),
        large('b', 'a'),
        { id: 'q', action: 'ask', dependencies: ['b'] },
        {
          id: 'c',
          action: 'length',
          dependencies: ['q'],
          inputs: [{ name: 'text', reference: 'a.text' }],
        },
      ],
    });
    return executor;
  };
  return { open };
};

/** What a run that has ended may be pruned before. */
const unlessGone = async (report: Promise<RunReport>): Promise<RunReport | undefined> => {
  try {
    return await report;
  } catch (error) {
    expect(error).toMatchObject({ code: 'RUN_UNKNOWN' });
    return undefined;
  }
};

describe.skipIf(missing !== undefined)(
  `while all that may be deleted is deleted (${missing ?? 'server'})`,
  () => {
    it('runs of several executors that share large values have theirs, and nobody is in the way of another', async () => {
      const { open } = setup();
      const executors = await Promise.all([open(), open(), open()]);
      const pruner = await open();
      const pruning = new AbortController();
      const pruned = (async () => {
        while (!pruning.signal.aborted) await pruner.prune({ maxAgeDays: 0, memoMaxAgeDays: 0 });
      })();
      const work = executors.map(async (executor, i) => {
        for (let round = 0; round < 8; round++) {
          const runId = `run-${i}-${round}`;
          const asked = await executor.run('g', { runId, inputs: { of: 'abc'[round % 3] } });
          expect(asked).toMatchObject({ status: 'paused', error: null });
          const other = executors[(i + 1) % executors.length] as DagExecutor;
          await other.approve(runId, 'q');
          const report = await unlessGone(other.resume(runId));
          expect(['succeeded', undefined]).toContain(report?.status);
        }
      });
      await Promise.all(work).finally(() => pruning.abort());
      await pruned;
    });
  },
);
