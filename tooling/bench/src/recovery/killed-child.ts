import { DagExecutor, openStorage } from '@dagger/core';
import type { ShapeName } from '../shapes.ts';
import { graphOf, registryOf } from './flow.ts';

/**
 * Run by child.ts in a process of its own, which ends by SIGKILL shortly before its run does:
 * `killed-child.ts <storage> <run> <shape> <nodes> <snapshot>`. With `snapshot` it writes one at 95 % of the run.
 */
const [url, runId, shape, size, mode] = process.argv.slice(2) as [
  string,
  string,
  ShapeName,
  string,
  string,
];
const nodes = Number(size);
const snapshotAt = mode === 'snapshot' ? Math.floor(nodes * 0.95) : Infinity;
const killedAt = Math.floor(nodes * 0.99);

let ran = 0;
let saved: Promise<unknown> | undefined;
const executor = await DagExecutor.open({
  storage: await openStorage(url),
  registry: registryOf(() => {
    ran += 1;
    if (ran === snapshotAt) saved = executor.saveSnapshot(runId);
    return ran >= killedAt ? die() : undefined;
  }),
});
executor.add(graphOf(shape, nodes));
const { status } = await executor.run('recovery', { runId });
throw new Error(`the run was to be killed, and ended ${status}`);

async function die(): Promise<void> {
  await saved;
  process.kill(process.pid, 'SIGKILL');
  await new Promise<never>(() => {});
}
