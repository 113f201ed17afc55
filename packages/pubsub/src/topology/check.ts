import type { JsonObject } from '@dagger/core';
import { describeValue as quoted } from '@dagger/core/kernel';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import { ChannelIndex } from './channel-index.ts';
import { findIncompatibility } from './compatible.ts';
import { cyclesOf } from './cycles.ts';
import { payloadSchema } from './payload-schema.ts';
import type { TopologyProblem } from './problem.ts';
import {
  byChannel,
  hears,
  publicationsOf,
  reachesOf,
  subscriptionsOf,
  type Reach,
} from './reach.ts';
import { checkDeclared, type TopologyOptions } from './topology.ts';

export interface TopologyCheckOptions extends TopologyOptions {
  /** How far a tree of messages can grow in depth is limited: cycles end. */
  readonly hasHopLimit?: boolean | undefined;
  /** How many messages a tree can have is limited: cycles end. */
  readonly hasMessageLimit?: boolean | undefined;
}

/**
 * What can be told of a set of agents before anything runs. Agents that do not declare their publications are given the
 * benefit of the doubt: without them, nobody is told to wait for messages in vain, and no cycle leads over them.
 * @throws DaggerError AGENT_INVALID, AGENT_DUPLICATE, CHANNEL_INVALID
 */
export const checkTopology = (
  agents: readonly AnyPubSubAgent[],
  options: TopologyCheckOptions = {},
): readonly TopologyProblem[] => {
  checkDeclared(agents, options);
  const reaches = reachesOf(agents);
  const isLimited = options.hasHopLimit === true || options.hasMessageLimit === true;
  return [
    ...unread(agents, options.sinks),
    ...unwritten(agents, options.sources),
    ...incompatible(reaches),
    ...(isLimited ? [] : cyclesOf(agents, reaches).map(cycle)),
  ];
};

const outsideIndex = (channels: readonly string[] = []): ChannelIndex<string> => {
  const index = new ChannelIndex<string>();
  for (const channel of channels) index.add(channel, channel);
  return index;
};

const unread = (
  agents: readonly AnyPubSubAgent[],
  sinks: readonly string[] | undefined,
): readonly TopologyProblem[] => {
  const readers = byChannel(subscriptionsOf(agents));
  const outside = outsideIndex(sinks);
  return publicationsOf(agents).flatMap(({ agent, channel }): TopologyProblem[] => {
    const found = readers.find(channel);
    if (outside.find(channel).length > 0 || found.some((one) => hears(one, agent))) return [];
    const who =
      found.length === 0 ? 'nobody reads' : 'only its own group reads, without receiveOwn';
    const message = `agent ${quoted(agent.name)} publishes to ${quoted(channel)}, which ${who}`;
    return [{ kind: 'unread', agent: agent.name, channel, message }];
  });
};

const unwritten = (
  agents: readonly AnyPubSubAgent[],
  sources: readonly string[] | undefined,
): readonly TopologyProblem[] => {
  if (agents.some(({ publications }) => publications === undefined)) return [];
  const writers = byChannel(publicationsOf(agents));
  const outside = outsideIndex(sources);
  return subscriptionsOf(agents).flatMap(({ agent, channel }): TopologyProblem[] => {
    const found = writers.find(channel);
    if (outside.find(channel).length > 0 || found.some((one) => hears(agent, one))) return [];
    const who =
      found.length === 0 ? 'nobody publishes' : 'only its own group publishes, without receiveOwn';
    const message = `agent ${quoted(agent.name)} reads ${quoted(channel)}, to which ${who}`;
    return [{ kind: 'unwritten', agent: agent.name, channel, message }];
  });
};

const incompatible = (reaches: readonly Reach[]): readonly TopologyProblem[] => {
  // Some libraries work long to tell the JSON Schema of one of theirs.
  const [outputs, inputs] = [
    new Map<AnyPubSubAgent, JsonObject>(),
    new Map<AnyPubSubAgent, JsonObject>(),
  ];
  return reaches.flatMap(({ from, to, channel }): TopologyProblem[] => {
    const output = outputs.get(from) ?? payloadSchema(from.output);
    const input = inputs.get(to) ?? payloadSchema(to.input);
    outputs.set(from, output);
    inputs.set(to, input);
    const found = findIncompatibility(output, input);
    if (found === undefined) return [];
    const { path, reason } = found;
    const [publisher, subscriber] = [from.name, to.name];
    const where = path === '' ? '' : `${path}: `;
    const message = `agent ${quoted(subscriber)} can accept nothing of what agent ${quoted(publisher)} publishes to ${quoted(channel)}: ${where}${reason}`;
    return [{ kind: 'incompatible', publisher, subscriber, channel, path, reason, message }];
  });
};

const cycle = (steps: readonly Reach[]): TopologyProblem => {
  const path = [...steps.map(({ from }) => from.name), steps.at(-1)?.to.name ?? ''];
  const channels = steps.map(({ channel }) => channel);
  const who = steps.length === 1 ? 'an agent can feed itself' : 'agents can feed each other';
  return {
    kind: 'cycle',
    path,
    channels,
    message: `${who} without a limit: ${path.map(quoted).join(' -> ')}, by ${channels.map(quoted).join(', ')}`,
  };
};
