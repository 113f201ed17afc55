import type { AnyPubSubAgent } from '../agent/agent.ts';
import type { Reach } from './reach.ts';

/**
 * Ways on which messages can go round: for each agent that is on one, it is on one of those given back. Each is the shortest
 * for one of its agents, and begins there.
 */
export const cyclesOf = (
  agents: readonly AnyPubSubAgent[],
  reaches: readonly Reach[],
): readonly (readonly Reach[])[] => {
  const from = new Map<AnyPubSubAgent, Reach[]>();
  for (const reach of reaches) {
    const known = from.get(reach.from);
    if (known === undefined) from.set(reach.from, [reach]);
    else known.push(reach);
  }
  const told = new Set<AnyPubSubAgent>();
  const cycles: (readonly Reach[])[] = [];
  for (const agent of agents) {
    if (told.has(agent)) continue;
    const cycle = wayBack(agent, from);
    if (cycle === undefined) continue;
    cycles.push(cycle);
    for (const step of cycle) told.add(step.from);
  }
  return cycles;
};

const wayBack = (
  start: AnyPubSubAgent,
  from: ReadonlyMap<AnyPubSubAgent, readonly Reach[]>,
): readonly Reach[] | undefined => {
  const cameBy = new Map<AnyPubSubAgent, Reach>();
  const line = [start];
  for (let i = 0; i < line.length; i++)
    for (const reach of from.get(line[i] as AnyPubSubAgent) ?? []) {
      if (cameBy.has(reach.to)) continue;
      cameBy.set(reach.to, reach);
      if (reach.to === start) return steps(start, cameBy);
      line.push(reach.to);
    }
  return undefined;
};

const steps = (
  end: AnyPubSubAgent,
  cameBy: ReadonlyMap<AnyPubSubAgent, Reach>,
): readonly Reach[] => {
  const way: Reach[] = [];
  let agent = end;
  do {
    const reach = cameBy.get(agent) as Reach;
    way.push(reach);
    agent = reach.from;
  } while (agent !== end);
  return way.reverse();
};
