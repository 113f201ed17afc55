import type { DagConfig } from '../config/model.ts';
import { DaggerError } from '../errors.ts';
import type { Depths } from '../graph/depth.ts';
import type { Topology } from '../graph/topology.ts';

/** How large a run may grow. */
export type SizeLimits = Pick<DagConfig, 'maxNodes' | 'maxDependencyDepth'>;

const reached = (name: string, bound: number, found: string): DaggerError =>
  new DaggerError('LIMIT_REACHED', `${name} is ${bound}, and ${found}`);

/** @throws DaggerError LIMIT_REACHED naming the limit and what is beyond it */
export const checkNodeCount = ({ maxNodes }: SizeLimits, count: number): void => {
  if (maxNodes !== null && count > maxNodes)
    throw reached('maxNodes', maxNodes, `the run would have ${count} nodes`);
};

/**
 * Checks the nodes from number `first` on.
 * @throws DaggerError LIMIT_REACHED naming the limit and the node that is beyond it
 */
export const checkDepth = (
  { maxDependencyDepth }: SizeLimits,
  topology: Topology,
  first: number,
  depths: Depths,
): void => {
  if (maxDependencyDepth === null) return;
  for (let n = first; n < topology.count; n++) {
    const depth = depths.of(topology, n);
    if (depth > maxDependencyDepth)
      throw reached(
        'maxDependencyDepth',
        maxDependencyDepth,
        `node '${topology.idOf(n)}' ends a chain of ${depth}`,
      );
  }
};
