const { ActionRegistry, DagExecutor, defineAction, defineGraph } = require('@dagger/core');

const number = { type: 'number' };
const double = defineAction({
  name: 'double',
  description: 'Doubles a number',
  input: { type: 'object', properties: { value: number }, required: ['value'] },
  output: { type: 'object', properties: { value: number }, required: ['value'] },
  execute: async ({ inputs }) => ({ value: inputs.value * 2 }),
});

const graph = defineGraph({
  name: 'doubles',
  nodes: [
    { id: 'one', action: 'double', inputs: [{ name: 'value', value: 1 }] },
    {
      id: 'two',
      action: 'double',
      dependencies: ['one'],
      inputs: [{ name: 'value', reference: 'one.value' }],
    },
    {
      id: 'four',
      action: 'double',
      dependencies: ['two'],
      inputs: [{ name: 'value', reference: 'two.value' }],
    },
  ],
});

async function main() {
  const executor = await DagExecutor.open({ registry: new ActionRegistry([double]) });
  const report = await executor.run(graph);
  await executor.close();
  if (report.status !== 'succeeded') throw new Error(`the run ended as ${report.status}`);
}

main();
