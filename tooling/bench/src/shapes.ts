import { seededRandom } from './random.ts';

/** The plain list that every engine builds its own structures from; dependencies come before their dependents. */
export interface Plan {
  readonly shape: ShapeName;
  readonly nodes: readonly PlanNode[];
}

export interface PlanNode {
  readonly id: string;
  readonly deps: readonly string[];
}

export type ShapeName = 'chain' | 'fan' | 'layered';

const SEED = 20_261_120;
const MOST_DEPENDENCIES = 3;

const shapes: Readonly<Record<ShapeName, (count: number) => PlanNode[]>> = {
  /** Each node depends on the one before it. */
  chain: (count: number) => listNodes(count, (index) => (index === 0 ? [] : [index - 1])),

  /** One source, one sink, and all others between them side by side. */
  fan: (count: number) =>
    listNodes(count, (index) => {
      if (index === 0) return [];
      if (index < count - 1) return [0];
      return Array.from({ length: count - 2 }, (_, middle) => middle + 1);
    }),

  /** Layers of about sqrt(count) nodes; each node depends on 1 to 3 random nodes of the layer before. */
  layered: (count: number) => {
    const random = seededRandom(SEED);
    const width = Math.max(2, Math.round(Math.sqrt(count)));
    return listNodes(count, (index) => {
      const layer = Math.floor(index / width);
      if (layer === 0) return [];
      const wanted = 1 + Math.floor(random() * Math.min(MOST_DEPENDENCIES, width));
      const chosen = new Set<number>();
      while (chosen.size < wanted) chosen.add((layer - 1) * width + Math.floor(random() * width));
      return [...chosen];
    });
  },
};

export const shapeNames: readonly ShapeName[] = Object.keys(shapes) as ShapeName[];

export function plan(shape: ShapeName, count: number): Plan {
  return { shape, nodes: shapes[shape](count) };
}

function listNodes(count: number, dependencies: (index: number) => number[]): PlanNode[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `n${index}`,
    deps: dependencies(index).map((dependency) => `n${dependency}`),
  }));
}
