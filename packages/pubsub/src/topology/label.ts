import { cleanLine, PALETTE, type Colours } from '@dagger/core/kernel';
import type { Topology, TopologyAgent, TopologyChannel } from './topology.ts';

const LONGEST_NAME = 60;
const LONGEST_DESCRIPTION = 100;

/** What is drawn; `agent` is a box, the others are rounded. */
export const NODE_COLOURS: {
  readonly [K in 'agent' | 'channel' | 'outside']: Colours;
} = {
  agent: PALETTE.ready,
  channel: PALETTE.pending,
  outside: PALETTE.waiting,
};

export interface TopologyNode {
  readonly kind: keyof typeof NODE_COLOURS;
  /** Plain text that each format still escapes. */
  readonly label: readonly string[];
}

/** A line between two nodes, by their numbers; dashed where it joins two names of the same channels. */
export interface TopologyLine {
  readonly from: number;
  readonly to: number;
  readonly isDashed: boolean;
}

/** Never a blank line first, because Graphviz reads wild memory for a title that begins so. */
const heading = (name: string): string => cleanLine(name, LONGEST_NAME).trim() || '(no name)';

const agentLabel = (agent: TopologyAgent): readonly string[] => {
  const { name, description, group, publishesAnywhere } = agent;
  const words = cleanLine(description ?? '', LONGEST_DESCRIPTION).trim();
  return [
    heading(name),
    ...(words === '' ? [] : [words]),
    ...(group === name ? [] : [`group ${cleanLine(group, LONGEST_NAME)}`]),
    ...(publishesAnywhere ? ['may publish anywhere'] : []),
  ];
};

const channelLabel = ({ name, isSource, isSink }: TopologyChannel): readonly string[] => [
  heading(name),
  ...(isSource ? ['written from outside'] : []),
  ...(isSink ? ['read outside'] : []),
];

/** The nodes of a picture, first the agents, and the lines between them. */
export const drawn = (
  topology: Topology,
): { readonly nodes: readonly TopologyNode[]; readonly lines: readonly TopologyLine[] } => {
  const { agents, channels, publishes, receives, links } = topology;
  const agent = new Map(agents.map(({ name }, i) => [name, i]));
  const channel = new Map(channels.map(({ name }, i) => [name, agents.length + i]));
  const lines: TopologyLine[] = [];
  const add = (from: number | undefined, to: number | undefined, isDashed = false): void => {
    if (from !== undefined && to !== undefined) lines.push({ from, to, isDashed });
  };
  for (const edge of publishes) add(agent.get(edge.agent), channel.get(edge.channel));
  for (const link of links) add(channel.get(link.from), channel.get(link.to), true);
  for (const edge of receives) add(channel.get(edge.channel), agent.get(edge.agent));
  return {
    nodes: [
      ...agents.map((one) => ({ kind: 'agent' as const, label: agentLabel(one) })),
      ...channels.map((one) => ({
        kind: one.isSource || one.isSink ? ('outside' as const) : ('channel' as const),
        label: channelLabel(one),
      })),
    ],
    lines,
  };
};
