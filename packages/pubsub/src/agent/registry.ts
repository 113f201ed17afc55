import { DaggerError, type JsonObject } from '@dagger/core';
import { closest, describeSchema } from '@dagger/core/kernel';
import type { AnyPubSubAgent } from './agent.ts';
import { checkAgent } from './check-agent.ts';

/** What people and planners need to know of an agent. */
export interface AgentSummary {
  readonly name: string;
  readonly description: string;
  readonly group: string;
  readonly subscriptions: readonly string[];
  /** Undefined: any channel. */
  readonly publications: readonly string[] | undefined;
  /** JSON Schema. */
  readonly input: JsonObject;
  /** JSON Schema. */
  readonly output: JsonObject;
}

const groupOf = ({ group, name }: AnyPubSubAgent): string => group ?? name;

/** The agents of a bus. */
export class AgentRegistry {
  readonly #agents: Map<string, AnyPubSubAgent> = new Map();
  /** By group: its agents' names. Groups share these sets with those who count. */
  readonly #groups: Map<string, Set<string>> = new Map();

  /** @internal @throws DaggerError AGENT_INVALID, AGENT_DUPLICATE */
  register(agent: AnyPubSubAgent): void {
    checkAgent(agent);
    if (this.#agents.has(agent.name))
      throw new DaggerError(
        'AGENT_DUPLICATE',
        `an agent named '${agent.name}' is registered already`,
        {
          ids: { agent: agent.name },
        },
      );
    this.#agents.set(agent.name, agent);
    const group = groupOf(agent);
    const members = this.#groups.get(group);
    if (members === undefined) this.#groups.set(group, new Set([agent.name]));
    else members.add(agent.name);
  }

  /** @internal @throws DaggerError AGENT_UNKNOWN */
  remove(name: string): void {
    const agent = this.#agents.get(name);
    if (agent === undefined) {
      const hint = closest(name, this.#agents.keys());
      throw new DaggerError(
        'AGENT_UNKNOWN',
        `no agent named '${name}' is registered${hint === undefined ? '' : `; did you mean '${hint}'?`}`,
        { ids: { agent: name } },
      );
    }
    this.#agents.delete(name);
    this.#groups.get(groupOf(agent))?.delete(name);
  }

  /** @internal Agents that share messages must want the same ones. @throws DaggerError GROUP_MISMATCH */
  mustAgree(): void {
    for (const [group, names] of this.#groups) {
      const wanted = [...names].map((name) =>
        this.#agents.get(name)?.subscriptions.toSorted().join(' '),
      );
      if (new Set(wanted).size > 1)
        throw new DaggerError(
          'GROUP_MISMATCH',
          `the agents of group '${group}' (${[...names].join(', ')}) share messages, so their subscriptions must be the same`,
        );
    }
  }

  /** @internal */
  membersOf(group: string): readonly string[] {
    return [...(this.#groups.get(group) ?? [])];
  }

  /** @internal The agents whose messages a group does not receive. */
  ownOf(group: string): ReadonlySet<string> {
    const names = this.membersOf(group);
    return new Set(names.filter((name) => this.#agents.get(name)?.receiveOwn !== true));
  }

  get(name: string): AnyPubSubAgent | undefined {
    return this.#agents.get(name);
  }

  all(): readonly AnyPubSubAgent[] {
    return [...this.#agents.values()];
  }

  list(): readonly AgentSummary[] {
    return this.all().map((agent) => ({
      name: agent.name,
      description: agent.description ?? '',
      group: groupOf(agent),
      subscriptions: agent.subscriptions,
      publications: agent.publications,
      input: describeSchema(agent.input, 'input'),
      // Messages are sent as they were given, and not as the schema would make them.
      output: describeSchema(agent.output, 'input'),
    }));
  }
}
