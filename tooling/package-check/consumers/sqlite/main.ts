import { ActionRegistry, DagExecutor, defineAction, defineGraph } from '@dagger/core';
import { sqlite } from '@dagger/sqlite';

const greet = defineAction({
  name: 'greet',
  description: 'Greets the world',
  input: { type: 'object' },
  output: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
  execute: async () => ({ text: 'hello' }),
});
const graph = defineGraph({ name: 'greeting', nodes: [{ id: 'greet', action: 'greet' }] });

const executor = await DagExecutor.open({
  registry: new ActionRegistry([greet]),
  storage: sqlite('runs.db'),
});
const report = await executor.run(graph);
await executor.close();
if (report.status !== 'succeeded') throw new Error(`the run ended as ${report.status}`);
