import { ActionRegistry, DagExecutor } from '@dagger/core';
import { crashAtEveryCommit, SimulatedClock } from '@dagger/testing';
import { createThreadPool, threadAction } from '@dagger/threads';

await using pool = createThreadPool({ threads: 1 });
const count = threadAction({
  name: 'count',
  module: new URL('./heavy.ts', import.meta.url),
  export: 'count',
  pool,
});
const clock = new SimulatedClock();
const executor = await DagExecutor.open({ registry: new ActionRegistry([count]), clock });
executor.add({
  name: 'g',
  nodes: [{ id: 'a', action: 'count', inputs: [{ name: 'below', value: 10 }] }],
});
const { nodes } = await executor.run('g');
if (nodes['a']?.outputs?.['sum'] !== 45) throw new Error(JSON.stringify(nodes['a']));

const { points, violations } = await crashAtEveryCommit({
  scenario: new URL('./scenario.ts', import.meta.url),
});
if (points === 0 || violations.length > 0) throw new Error(JSON.stringify({ points, violations }));
