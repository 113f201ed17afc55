import { DaggerError } from '@dagger/core';
import { describeValue } from '@dagger/core/kernel';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import { checkAgent } from '../agent/check-agent.ts';
import { checkPattern, isPattern } from '../subject/subject.ts';
import { ChannelIndex } from './channel-index.ts';

export interface TopologyOptions {
  /** Channels, or patterns of them, that are written from outside. */
  readonly sources?: readonly string[] | undefined;
  /** Channels, or patterns of them, that are read outside. */
  readonly sinks?: readonly string[] | undefined;
}

export interface TopologyAgent {
  readonly name: string;
  readonly description: string | null;
  readonly group: string;
  /** It did not say where it publishes, so it may everywhere. */
  readonly publishesAnywhere: boolean;
}

/** A channel, or a pattern of them, that somebody named. */
export interface TopologyChannel {
  readonly name: string;
  readonly isPattern: boolean;
  readonly isSource: boolean;
  readonly isSink: boolean;
}

/** An agent and a channel that it names. */
export interface TopologyEdge {
  readonly agent: string;
  readonly channel: string;
}

/** Two names by which the same messages can go: they are written to one and read by the other. */
export interface TopologyLink {
  readonly from: string;
  readonly to: string;
}

/** Who can write to whom, as it was declared: plain data that JSON holds, each list in the order of the agents. */
export interface Topology {
  readonly agents: readonly TopologyAgent[];
  readonly channels: readonly TopologyChannel[];
  readonly publishes: readonly TopologyEdge[];
  readonly receives: readonly TopologyEdge[];
  readonly links: readonly TopologyLink[];
}

/**
 * What a set of agents declares, before anything runs.
 * @throws DaggerError AGENT_INVALID, AGENT_DUPLICATE, CHANNEL_INVALID
 */
export const topologyOf = (
  agents: readonly AnyPubSubAgent[],
  options: TopologyOptions = {},
): Topology => {
  checkDeclared(agents, options);
  const [sources, sinks] = [new Set(options.sources), new Set(options.sinks)];
  const receives = agents.flatMap((agent) => edgesOf(agent, agent.subscriptions));
  const publishes = agents.flatMap((agent) => edgesOf(agent, agent.publications));
  const written = new Set([...channelsOf(publishes), ...sources]);
  const read = new Set([...channelsOf(receives), ...sinks]);
  const names = agents.flatMap((agent) => [...agent.subscriptions, ...(agent.publications ?? [])]);
  return {
    agents: agents.map(({ name, description, group, publications }) => ({
      name,
      description: description ?? null,
      group: group ?? name,
      publishesAnywhere: publications === undefined,
    })),
    channels: [...new Set([...names, ...sources, ...sinks])].map((name) => ({
      name,
      isPattern: isPattern(name),
      isSource: sources.has(name),
      isSink: sinks.has(name),
    })),
    publishes,
    receives,
    links: linksOf(written, read),
  };
};

/** @throws DaggerError AGENT_INVALID, AGENT_DUPLICATE, CHANNEL_INVALID */
export const checkDeclared = (
  agents: readonly AnyPubSubAgent[],
  { sources = [], sinks = [] }: TopologyOptions,
): void => {
  const names = new Set<string>();
  for (const agent of agents) {
    checkAgent(agent);
    const { name } = agent;
    if (names.has(name))
      throw new DaggerError('AGENT_DUPLICATE', `two agents have the name ${describeValue(name)}`, {
        ids: { agent: name },
      });
    names.add(name);
  }
  for (const pattern of [...sources, ...sinks]) checkPattern(pattern);
};

const edgesOf = (
  { name }: AnyPubSubAgent,
  channels: readonly string[] = [],
): readonly TopologyEdge[] => [...new Set(channels)].map((channel) => ({ agent: name, channel }));

const channelsOf = (edges: readonly TopologyEdge[]): readonly string[] =>
  edges.map(({ channel }) => channel);

const linksOf = (
  written: ReadonlySet<string>,
  read: ReadonlySet<string>,
): readonly TopologyLink[] => {
  const readers = new ChannelIndex<string>();
  for (const name of read) readers.add(name, name);
  return [...written].flatMap((from) =>
    readers
      .find(from)
      .filter((to) => to !== from)
      .map((to) => ({ from, to })),
  );
};
