import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { topologyOf, topologyToDot, topologyToMermaid, traceToDot } from '@dagger/pubsub';
import type { Processor } from '../open-processor.ts';
import type { Bulletin } from '../schemas.ts';
import { stored } from '../stored.ts';

/** Who writes to whom, before anything runs; and what the record caused of which a bulletin was sent last. @returns the files */
export const draw = async (
  { bus, transport }: Processor,
  folder: string,
): Promise<readonly string[]> => {
  const topology = topologyOf(bus.agents.all(), {
    sources: ['log'],
    sinks: ['located', 'tally.*', 'sent', 'dead.>'],
  });
  // Large, and needed only here.
  const { Graphviz } = await import('@hpcc-js/wasm-graphviz');
  const graphviz = await Graphviz.load();
  const svg = (dot: string): string => graphviz.layout(dot, 'svg', 'dot');
  const files: Record<string, string> = {
    'topology.mmd': topologyToMermaid(topology),
    'topology.svg': svg(topologyToDot(topology)),
  };
  let correlationId: string | undefined;
  for await (const message of stored<Bulletin>(transport, 'sent'))
    correlationId = message.correlationId;
  if (correlationId !== undefined) {
    const entries = await bus.trace(correlationId);
    files['causes.svg'] = svg(traceToDot(entries));
  }
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return Object.keys(files).map((name) => join(folder, name));
};
