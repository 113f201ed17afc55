import { ActionRegistry, DagExecutor, defineGraph } from '@dagger/core';
import { pglite } from '@dagger/postgres/pglite';

const graph = defineGraph({ name: 'greeting', nodes: [{ id: 'greet', action: 'greet' }] });
const executor = await DagExecutor.open({
  registry: new ActionRegistry([{ name: 'greet', execute: () => ({ text: 'hello' }) }]),
  storage: pglite(),
});
const report = await executor.run(graph);
await executor.close();
if (report.status !== 'succeeded') throw new Error(`the run ended as ${report.status}`);
