import type { AgentRegistry } from '../agent/registry.ts';
import type { Order } from '../spec/order.ts';
import type { DraftOf } from '../unit/stall.ts';

/** Before everything else: whatever else is ready, the plan comes first. */
const HIGHEST = 1_000;

/** The task in which a planning agent is told of a stall. */
export const planningDraft =
  (order: Order, agents: AgentRegistry): DraftOf =>
  ({ id, key, agent, input, stall }) => {
    const onCrash = agents.get(agent)?.onCrash;
    return {
      id,
      key,
      parentId: null,
      depth: 0,
      agent,
      type: 'task',
      title: `plan after stall ${stall}`,
      input,
      options: { stall, ...(onCrash === undefined ? {} : { onCrash }) },
      priority: HIGHEST,
      ord: order.next(),
      delayMs: 0,
      timeoutMs: null,
      needs: [],
    };
  };
