import type { AnyPubSubAgent } from '../agent/agent.ts';
import { ChannelIndex } from './channel-index.ts';

/** That what one agent publishes to a channel comes to another. */
export interface Reach {
  readonly from: AnyPubSubAgent;
  readonly to: AnyPubSubAgent;
  /** As the publisher names it. */
  readonly channel: string;
}

/** An agent and a channel, or a pattern, that it names. */
export interface Named {
  readonly agent: AnyPubSubAgent;
  readonly channel: string;
}

const groupOf = ({ group, name }: AnyPubSubAgent): string => group ?? name;

/** What an agent publishes does not come to its own group, which is itself or shares its work, unless it wants it to. */
export const hears = (reader: AnyPubSubAgent, writer: AnyPubSubAgent): boolean =>
  groupOf(reader) !== groupOf(writer) || writer.receiveOwn === true;

const named = (
  agents: readonly AnyPubSubAgent[],
  channelsOf: (agent: AnyPubSubAgent) => readonly string[],
): readonly Named[] =>
  agents.flatMap((agent) => [...new Set(channelsOf(agent))].map((channel) => ({ agent, channel })));

export const publicationsOf = (agents: readonly AnyPubSubAgent[]): readonly Named[] =>
  named(agents, ({ publications }) => publications ?? []);

export const subscriptionsOf = (agents: readonly AnyPubSubAgent[]): readonly Named[] =>
  named(agents, ({ subscriptions }) => subscriptions);

/** The agents by the channels that they name. */
export const byChannel = (list: readonly Named[]): ChannelIndex<AnyPubSubAgent> => {
  const index = new ChannelIndex<AnyPubSubAgent>();
  for (const { agent, channel } of list) index.add(channel, agent);
  return index;
};

/** Who can write to whom by what they declared: for each two agents, and each direction, the first channel. */
export const reachesOf = (agents: readonly AnyPubSubAgent[]): readonly Reach[] => {
  const readers = byChannel(subscriptionsOf(agents));
  return agents.flatMap((from) => {
    const reached = new Map<AnyPubSubAgent, Reach>();
    for (const channel of from.publications ?? [])
      for (const to of readers.find(channel))
        if (hears(to, from) && !reached.has(to)) reached.set(to, { from, to, channel });
    return [...reached.values()];
  });
};
