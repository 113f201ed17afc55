import { defineAction } from '../actions/action.ts';
import { graphBuilder, type GraphBuilder } from './builder.ts';
import type { Graph } from './graph.ts';
import { item, ref, withDefault } from './typed-reference.ts';

interface Row {
  readonly id: string;
  readonly price: number;
}

const fetchRows = defineAction<
  { url: string; limit?: number },
  { rows: readonly Row[]; stats: { mean: number } }
>({
  name: 'fetch_rows',
  execute: () => ({ rows: [], stats: { mean: 0 } }),
});
const average = defineAction<
  { rows: readonly Row[]; floor: number },
  { mean: number; note?: string }
>({
  name: 'average',
  execute: () => ({ mean: 0 }),
});
const tick = defineAction<object, { at: string }>({ name: 'tick', execute: () => ({ at: '' }) });
const loose = defineAction({ name: 'loose', execute: () => ({ anything: 1 }) });

const begun: GraphBuilder<
  { url: string; floor: number },
  { readonly fetch: { rows: readonly Row[]; stats: { mean: number } } }
> = graphBuilder<{ url: string; floor: number }>('pipeline').node('fetch', fetchRows, (from) => ({
  url: from.inputs.url,
}));

export const whole: Graph = graphBuilder<{ url: string; floor: number }>('pipeline', {
  tags: ['nightly'],
})
  .node('fetch', fetchRows, (from) => ({ url: from.inputs.url, limit: 10 }))
  .node('average', average, (from) => ({ rows: from.fetch.rows, floor: from.fetch.stats.mean }), {
    timeout: 30,
    duration: 12,
    dependencies: ['fetch'],
  })
  .node(
    'again',
    average,
    (from) => ({ rows: from.fetch.rows, floor: withDefault(from.average.mean, 1) }),
    { dependencies: [{ id: 'fetch', optional: true }] },
  )
  .node('literal', average, { rows: [{ id: 'a', price: 1 }], floor: ref('average.mean') })
  .node('nested', average, (from) => ({ rows: [], floor: item(from.fetch.rows, 0).price }))
  .node('tick', tick)
  .node('loose', loose, (from) => ({ any: from.tick.at, thing: 1 }), {
    when: 'inputs.floor > 1',
    onfailure: false,
  })
  .build();

// @ts-expect-error -- no node of that name comes before
begun.node('b', average, (from) => ({ rows: from.fetched.rows, floor: 1 }));

// @ts-expect-error -- the node has no such output
begun.node('b', average, (from) => ({ rows: from.fetch.lines, floor: 1 }));

// @ts-expect-error -- the output has no such part
begun.node('b', average, (from) => ({ rows: from.fetch.rows, floor: from.fetch.stats.median }));

// @ts-expect-error -- an output of the wrong type
begun.node('b', average, (from) => ({ rows: from.fetch.stats, floor: 1 }));

// @ts-expect-error -- a nested output of the wrong type
begun.node('b', average, (from) => ({ rows: from.fetch.rows, floor: item(from.fetch.rows, 0).id }));

// @ts-expect-error -- not a list
begun.node('b', average, (from) => ({ rows: [], floor: item(from.fetch.stats, 0) }));

// @ts-expect-error -- an input of the run of the wrong type
begun.node('b', average, (from) => ({ rows: from.fetch.rows, floor: from.inputs.url }));

// @ts-expect-error -- the run has no such input
begun.node('b', fetchRows, (from) => ({ url: from.inputs.address }));

// @ts-expect-error -- a literal of the wrong type
begun.node('b', average, (from) => ({ rows: from.fetch.rows, floor: 'low' }));

// @ts-expect-error -- a required input is missing
begun.node('b', average, (from) => ({ rows: from.fetch.rows }));

// @ts-expect-error -- all inputs are missing
begun.node('b', average);

// @ts-expect-error -- the id is taken
begun.node('fetch', tick);

// @ts-expect-error -- `inputs` names the inputs of the run
begun.node('inputs', tick);

// @ts-expect-error -- no node of that name to depend on
begun.node('b', tick, {}, { dependencies: ['fetched'] });

// @ts-expect-error -- no such option
begun.node('b', tick, {}, { retries: 3 });

begun.node('b', average, (from) => {
  // @ts-expect-error -- a default of another type than what it stands in for
  const floor = withDefault(from.fetch.stats.mean, 'low');
  return { rows: from.fetch.rows, floor };
});

// Ids that are made at run time are checked when the graph is built.
const generated: readonly string[] = ['a', 'b'];
export const inLoop = (): Graph => {
  let builder: GraphBuilder<
    object,
    Readonly<Record<string, { at: string }>>
  > = graphBuilder<object>('loop').node('first', tick);
  for (const id of generated) builder = builder.node(id, tick);
  return builder.build();
};
