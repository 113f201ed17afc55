import { OpenWorkflow } from 'openworkflow';
import { BackendSqlite } from 'openworkflow/sqlite';
import { NotPossible } from '../contender.ts';
import type { Plan } from '../shapes.ts';
import type { Output, Work } from '../work.ts';

const MOST_STEPS = 1_000;

export interface OpenWorkflowRun {
  readonly file: string;
  readonly plan: Plan;
  readonly work: Work;
  readonly synchronous: 'full' | 'normal';
}

/**
 * OpenWorkflow: one durable workflow whose steps await the steps that they depend on. Timed from asking for the run to the end of
 * its last step, so that neither its result polling nor its shutdown count. It leaves SQLite at `full` (an fsync per commit); at
 * `normal` it promises what dagger's default promises.
 */
export async function runOpenWorkflow({
  file,
  plan,
  work,
  synchronous,
}: OpenWorkflowRun): Promise<number> {
  if (plan.nodes.length > MOST_STEPS)
    throw new NotPossible(`its limit is ${MOST_STEPS} steps a workflow`);
  const backend = BackendSqlite.connect(file);
  const database = backend['db'] as { exec(sql: string): void };
  database.exec(`pragma synchronous = ${synchronous}`);
  const openWorkflow = new OpenWorkflow({ backend });
  let finish: (at: Promise<number>) => void;
  const finished = new Promise<number>((resolve) => (finish = resolve));
  const workflow = openWorkflow.defineWorkflow(
    { name: 'bench', retryPolicy: { maximumAttempts: 1 } },
    async ({ step }) => {
      const outputs = new Map<string, Promise<Output>>();
      for (const { id, deps } of plan.nodes) {
        const afterDeps = async (): Promise<Output> => {
          for (const dep of deps) await outputs.get(dep);
          return step.run({ name: id }, work.run);
        };
        outputs.set(id, afterDeps());
      }
      finish(Promise.all(outputs.values()).then(() => performance.now()));
      await Promise.all(outputs.values());
      return null;
    },
  );
  const worker = openWorkflow.newWorker();
  const began = performance.now();
  await workflow.run();
  await worker.start();
  try {
    return (await finished) - began;
  } finally {
    await worker.stop();
    await backend.stop();
  }
}
