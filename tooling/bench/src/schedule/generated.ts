import { seededRandom } from '../random.ts';
import type { ScheduleCase, Task } from './case.ts';

type Random = () => number;
type Edges = (index: number, count: number, random: Random) => number[];

const SEED = 20_261_121;
const TASKS = 80;

/** Up to `most` different numbers from `low` up to, not including, `high`. */
function pick(random: Random, most: number, low: number, high: number): number[] {
  if (high <= low) return [];
  const tries = Array.from({ length: 1 + Math.floor(random() * most) }, () =>
    Math.floor(random() * (high - low)),
  );
  return [...new Set(tries)].map((number) => low + number);
}

const LAYER = 10;
const FORK = 9;

const shapes: Readonly<Record<string, Edges>> = {
  layered: (index, _, random) => {
    const start = index - (index % LAYER);
    return start === 0 ? [] : pick(random, 3, start - LAYER, start);
  },

  /** One task, several side by side behind it, one that joins them, and so on. */
  'fork-join': (index) => {
    const place = index % (FORK + 1);
    const fork = index - place;
    if (place > 0) return [fork];
    return index === 0 ? [] : Array.from({ length: FORK }, (_, i) => index - FORK + i);
  },

  random: (index, _, random) => (random() < 0.15 ? [] : pick(random, 4, 0, index)),

  /** Every task has one dependency. */
  'out-tree': (index, _, random) => (index === 0 ? [] : pick(random, 1, 0, index)),

  /** Every task has one dependent: an out-tree, turned around. */
  'in-tree': () => [],
};

const durations: Readonly<Record<string, (random: Random) => number>> = {
  uniform: (random) => 1 + random() * 19,
  /** Pareto: a few take as long as all others. */
  heavy: (random) => Math.min(500, (1 - random()) ** (-1 / 1.2)),
};

function turned(parents: readonly (readonly number[])[]): number[][] {
  const last = parents.length - 1;
  const children: number[][] = parents.map(() => []);
  parents.forEach((deps, index) => {
    for (const dep of deps) children[last - dep]!.push(last - index);
  });
  return children;
}

function generate(shape: string, kind: string, seed: number): ScheduleCase {
  const random = seededRandom(seed);
  const edges = shapes[shape === 'in-tree' ? 'out-tree' : shape]!;
  let deps = Array.from({ length: TASKS }, (_, index) => edges(index, TASKS, random));
  if (shape === 'in-tree') deps = turned(deps);
  const tasks = deps.map((before, index): Task => ({
    id: `t${index}`,
    deps: before.map((dep) => `t${dep}`),
    seconds: durations[kind]!(random),
  }));
  return { set: `${shape}, ${kind}`, name: `${shape}-${kind}-${seed}`, tasks, optimum: new Map() };
}

/** Random graphs, the same on every machine: so many of each shape with each kind of durations. */
export function generatedCases(each: number): ScheduleCase[] {
  return Object.keys(shapes).flatMap((shape) =>
    Object.keys(durations).flatMap((kind) =>
      Array.from({ length: each }, (_, i) => generate(shape, kind, SEED + i)),
    ),
  );
}
