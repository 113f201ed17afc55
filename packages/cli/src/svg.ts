import { InvalidCommandLine } from './invalid-command-line.ts';
import { reasonOf } from './reason.ts';

/** Draws DOT. Graphviz comes as WebAssembly, half a megabyte that is loaded when somebody wants a picture. */
export const toSvg = async (dot: string): Promise<string> => {
  const { Graphviz } = await import('@hpcc-js/wasm-graphviz');
  const graphviz = await Graphviz.load();
  try {
    return graphviz.dot(dot, 'svg');
  } catch (cause) {
    throw new InvalidCommandLine(
      `the picture cannot be drawn, perhaps because the graph is too large: ${reasonOf(cause)}`,
      { cause },
    );
  }
};
