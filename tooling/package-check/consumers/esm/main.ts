import { ActionRegistry, DagExecutor, defineAction, defineGraph } from '@dagger/core';

const add = defineAction({
  name: 'add',
  description: 'Adds two numbers',
  input: {
    type: 'object',
    properties: { a: { type: 'number' }, b: { type: 'number' } },
    required: ['a', 'b'],
  },
  output: { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] },
  execute: async ({ inputs }) => ({ sum: Number(inputs.a) + Number(inputs.b) }),
});

const graph = defineGraph({
  name: 'sums',
  nodes: [
    {
      id: 'left',
      action: 'add',
      inputs: [
        { name: 'a', value: 1 },
        { name: 'b', value: 2 },
      ],
    },
    {
      id: 'right',
      action: 'add',
      inputs: [
        { name: 'a', value: 3 },
        { name: 'b', value: 4 },
      ],
    },
    {
      id: 'total',
      action: 'add',
      dependencies: ['left', 'right'],
      inputs: [
        { name: 'a', reference: 'left.sum' },
        { name: 'b', reference: 'right.sum' },
      ],
    },
  ],
});

const executor = await DagExecutor.open({ registry: new ActionRegistry([add]) });
const report = await executor.run(graph);
await executor.close();
if (report.status !== 'succeeded') throw new Error(`the run ended as ${report.status}`);
