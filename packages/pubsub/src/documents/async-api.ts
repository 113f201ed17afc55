import type { JsonObject } from '@dagger/core';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import { checkDeclared } from '../topology/topology.ts';
import { addressOf } from './address.ts';
import { DocumentIds } from './document-ids.ts';
import { CONTENT_TYPE, DocumentMessages } from './document-messages.ts';

export interface AsyncApiOptions {
  readonly title: string;
  /** Of what is described, not of AsyncAPI. */
  readonly version: string;
  readonly description?: string | undefined;
}

interface DocumentChannel {
  readonly id: string;
  readonly pattern: string;
  /** The ids of the messages that go over it. */
  readonly messages: Set<string>;
}

/**
 * Describes agents as an AsyncAPI 3.0 document, from their point of view: they `receive` what they subscribed to and `send`
 * what they declare to publish. Schemas are JSON Schemas of draft 2020-12; AsyncAPI itself knows draft 07 of them.
 * @throws DaggerError AGENT_INVALID, AGENT_DUPLICATE, NOT_JSON
 */
export const asyncApi = (
  agents: readonly AnyPubSubAgent[],
  { title, version, description }: AsyncApiOptions,
): JsonObject => {
  checkDeclared(agents, {});
  const document = new Document();
  for (const agent of agents) {
    const { name, subscriptions, publications = [] } = agent;
    if (subscriptions.length > 0) {
      const received = document.messages.idOf(agent.input, `${name}.input`);
      for (const pattern of new Set(subscriptions))
        document.add(agent, 'receive', pattern, received);
    }
    if (publications.length > 0) {
      const sent = document.messages.idOf(agent.output, `${name}.output`);
      for (const pattern of new Set(publications)) document.add(agent, 'send', pattern, sent);
    }
  }
  return {
    asyncapi: '3.0.0',
    info: { title, version, ...(description === undefined ? {} : { description }) },
    defaultContentType: CONTENT_TYPE,
    ...document.parts(),
  };
};

class Document {
  readonly messages: DocumentMessages = new DocumentMessages();
  readonly #channels: Map<string, DocumentChannel> = new Map();
  readonly #operations: (readonly [id: string, operation: JsonObject])[] = [];
  readonly #channelIds = new DocumentIds();
  readonly #operationIds = new DocumentIds();

  add(
    { name, description }: AnyPubSubAgent,
    action: 'receive' | 'send',
    pattern: string,
    message: string,
  ): void {
    const channel = this.#channel(pattern);
    channel.messages.add(message);
    const ref = `#/channels/${channel.id}`;
    this.#operations.push([
      this.#operationIds.give(`${name}.${action}.${channel.id}`),
      {
        action,
        channel: { $ref: ref },
        title: name,
        ...(description === undefined ? {} : { description }),
        messages: [{ $ref: `${ref}/messages/${message}` }],
      },
    ]);
  }

  #channel(pattern: string): DocumentChannel {
    const known = this.#channels.get(pattern);
    if (known !== undefined) return known;
    const id = this.#channelIds.give(addressOf(pattern).address.replace(/[{}]/g, ''));
    const channel: DocumentChannel = { id, pattern, messages: new Set() };
    this.#channels.set(pattern, channel);
    return channel;
  }

  parts(): JsonObject {
    return {
      channels: Object.fromEntries(
        [...this.#channels.values()].map((channel) => [channel.id, channelObject(channel)]),
      ),
      operations: Object.fromEntries(this.#operations),
      components: this.messages.components(),
    };
  }
}

const channelObject = ({ pattern, messages }: DocumentChannel): JsonObject => {
  const { address, parameters } = addressOf(pattern);
  return {
    address,
    ...(parameters.length === 0 ? {} : { parameters: Object.fromEntries(parameters) }),
    messages: Object.fromEntries(
      [...messages].map((id) => [id, { $ref: `#/components/messages/${id}` }]),
    ),
  };
};
