import { DaggerError, type JsonObject, type ToolSchema } from '@dagger/core';
import { closest, compileSchema, describeSchema, type Validator } from '@dagger/core/kernel';
import { checkAgent, type AnyTaskAgent } from './agent.ts';

/** An agent and its validators, compiled once. */
export interface RegisteredAgent {
  readonly agent: AnyTaskAgent;
  readonly input: Validator | undefined;
  readonly output: Validator | undefined;
}

/** What a planner needs to know of an agent. */
export interface AgentDescription {
  readonly name: string;
  readonly description: string;
  /** JSON Schema. */
  readonly input: JsonObject;
  /** JSON Schema. */
  readonly output: JsonObject;
}

/** The agents that a manager runs. Passed in, never global. */
export class AgentRegistry {
  readonly #agents: Map<string, RegisteredAgent> = new Map();

  /** @throws DaggerError AGENT_DUPLICATE, AGENT_INVALID */
  constructor(agents: Iterable<AnyTaskAgent> = []) {
    for (const agent of agents) this.register(agent);
  }

  /** @throws DaggerError AGENT_DUPLICATE when the name is taken, AGENT_INVALID */
  register(agent: AnyTaskAgent): this {
    checkAgent(agent);
    const { name } = agent;
    if (this.#agents.has(name))
      throw new DaggerError('AGENT_DUPLICATE', `an agent named '${name}' is registered already`, {
        ids: { agent: name },
      });
    this.#agents.set(name, {
      agent,
      input: agent.input && compileSchema(agent.input),
      output: agent.output && compileSchema(agent.output),
    });
    return this;
  }

  get(name: string): AnyTaskAgent | undefined {
    return this.#agents.get(name)?.agent;
  }

  contains(name: string): boolean {
    return this.#agents.has(name);
  }

  /** The names, in the order of registration. */
  list(): string[] {
    return [...this.#agents.keys()];
  }

  /** What each agent does, takes and gives, ready for a planner. */
  descriptions(): AgentDescription[] {
    return [...this.#agents.values()].map(({ agent }) => ({
      name: agent.name,
      description: agent.description ?? '',
      input: describeSchema(agent.input, 'input'),
      output: describeSchema(agent.output, 'output'),
    }));
  }

  /** The agents as tools of a language model. */
  toolSchemas(): ToolSchema[] {
    return this.descriptions().map(({ name, description, input, output }) => ({
      name,
      description,
      parameters: input,
      returns: output,
    }));
  }

  /** @internal */
  find(name: string): RegisteredAgent | undefined {
    return this.#agents.get(name);
  }
}

/** @param known the names among which a misspelled one is looked for */
export const unknownAgent = (name: string, known: Iterable<string>): DaggerError => {
  const hint = closest(name, known);
  return new DaggerError(
    'AGENT_UNKNOWN',
    `no agent named '${name}' is known here${hint === undefined ? '' : `; did you mean '${hint}'?`} An agent that only other workers run is named in remoteAgents`,
    { ids: { agent: name } },
  );
};
