import { DaggerError, NonRetryableError, type JsonValue, type Schema } from '@dagger/core';
import { briefJson, compileSchema, type Validator } from '@dagger/core/kernel';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import { Router } from '../subject/router.ts';
import { matches } from '../subject/subject.ts';

/** What several agents want of the messages that they receive: those that have the same schema are asked once. */
interface Judge {
  readonly validator: Validator;
  readonly agents: Set<AnyPubSubAgent>;
}

/** What agents promise of the messages that they publish, and want of those that they receive. Compiled once. */
export class Contracts {
  readonly #agents: Map<string, AnyPubSubAgent> = new Map();
  readonly #validators: Map<Schema, Validator> = new Map();
  readonly #judges: Map<Schema, Judge> = new Map();
  /** Who wants something of the messages of a channel. */
  readonly #readers: Router<Judge> = new Router();
  readonly #removals: Map<string, readonly (() => void)[]> = new Map();

  add(agent: AnyPubSubAgent): void {
    this.#agents.set(agent.name, agent);
    const { input } = agent;
    if (input === undefined) return;
    let judge = this.#judges.get(input);
    if (judge === undefined) {
      judge = { validator: this.#compiled(input), agents: new Set() };
      this.#judges.set(input, judge);
    }
    const { agents } = judge;
    const wanted = judge;
    agents.add(agent);
    this.#removals.set(agent.name, [
      ...agent.subscriptions.map((pattern) => this.#readers.add(pattern, wanted)),
      () => agents.delete(agent),
    ]);
  }

  #compiled(schema: Schema): Validator {
    let validator = this.#validators.get(schema);
    if (validator === undefined) {
      validator = compileSchema(schema);
      this.#validators.set(schema, validator);
    }
    return validator;
  }

  remove(name: string): void {
    this.#agents.delete(name);
    for (const remove of this.#removals.get(name) ?? []) remove();
    this.#removals.delete(name);
  }

  /** @throws DaggerError CHANNEL_NOT_ALLOWED */
  mustAllow(source: string, channel: string): void {
    const allowed = this.#agents.get(source)?.publications;
    if (allowed === undefined || allowed.some((pattern) => matches(pattern, channel))) return;
    throw new DaggerError(
      'CHANNEL_NOT_ALLOWED',
      `agent '${source}' publishes to ${allowed.length === 0 ? 'no channel' : allowed.join(', ')}, not to '${channel}'`,
      { ids: { agent: source } },
    );
  }

  /**
   * Whether a message is what its publisher promised and every receiver wants; a promise where a schema takes its time.
   * @throws DaggerError MESSAGE_INVALID naming channel, path and value
   */
  check(channel: string, payload: JsonValue, source: string | null): Promise<void> | undefined {
    const from = source === null ? undefined : this.#agents.get(source);
    const judges = this.#readers.match(channel);
    if (judges.length === 0 && from?.output === undefined) return undefined;
    return this.#judge(channel, payload, from, judges);
  }

  #judge(
    channel: string,
    payload: JsonValue,
    from: AnyPubSubAgent | undefined,
    judges: readonly Judge[],
  ): Promise<void> | undefined {
    let later: Promise<void>[] | undefined;
    if (from?.output !== undefined) {
      const found = this.#compiled(from.output)(payload);
      if (!isGood(found)) {
        const promise = `agent '${from.name}' says that it publishes`;
        later = refuse(found, { channel, payload, want: promise }, later);
      }
    }
    for (let i = 0; i < judges.length; i++) {
      const { validator, agents } = judges[i] as Judge;
      if (from !== undefined && readerOf(agents, channel, from) === undefined) continue;
      const found = validator(payload);
      if (isGood(found)) continue;
      const want = `agent '${readerOf(agents, channel, from)?.name ?? ''}' receives`;
      later = refuse(found, { channel, payload, want }, later);
    }
    return later === undefined ? undefined : Promise.all(later).then(() => {});
  }

  /**
   * The same for one receiver of a message that others checked, or nobody. The error is final: the message stays what it is.
   * @throws NonRetryableError MESSAGE_INVALID naming channel, path and value
   */
  received(channel: string, payload: JsonValue, name: string): Promise<void> | undefined {
    const input = this.#agents.get(name)?.input;
    const found = input && this.#compiled(input)(payload);
    const judge = (issues: readonly string[] | undefined): void => {
      if (issues === undefined) return;
      const { code, message } = invalid(channel, payload, `agent '${name}' receives`, issues);
      throw new NonRetryableError(message, { code, ids: { agent: name } });
    };
    if (found instanceof Promise) return found.then(({ issues }) => judge(issues));
    judge(found?.issues);
    return undefined;
  }
}

type Found = ReturnType<Validator>;

const isGood = (found: Found): boolean => !(found instanceof Promise) && found.issues === undefined;

interface Refusal {
  readonly channel: string;
  readonly payload: JsonValue;
  /** Whose expectation it is. */
  readonly want: string;
}

/** At once, or when it is found. */
const refuse = (
  found: Found,
  { channel, payload, want }: Refusal,
  later: readonly Promise<void>[] = [],
): Promise<void>[] => {
  const judge = ({ issues }: Awaited<Found>): void => {
    if (issues !== undefined) throw invalid(channel, payload, want, issues);
  };
  if (found instanceof Promise) return [...later, found.then(judge)];
  judge(found);
  return [...later];
};

/** One of several agents that receives the messages of a channel. */
const readerOf = (
  agents: Iterable<AnyPubSubAgent>,
  channel: string,
  from: AnyPubSubAgent | undefined,
): AnyPubSubAgent | undefined => {
  for (const agent of agents)
    if (receives(agent, from) && agent.subscriptions.some((pattern) => matches(pattern, channel)))
      return agent;
  return undefined;
};

/** A group does not receive what its own agents publish, unless these ask for it. */
const receives = (agent: AnyPubSubAgent, from: AnyPubSubAgent | undefined): boolean =>
  from === undefined ||
  from.receiveOwn === true ||
  (agent.group ?? agent.name) !== (from.group ?? from.name);

const MOST_ISSUES = 5;

const invalid = (
  channel: string,
  payload: JsonValue,
  whose: string,
  issues: readonly string[],
): DaggerError => {
  const told = issues.slice(0, MOST_ISSUES).map((issue) => {
    const path = /^([^\s:]+): /.exec(issue)?.[1];
    const value = path === undefined ? payload : valueAt(payload, path);
    return `${issue} (found ${value === undefined ? 'nothing' : briefJson(value, 80)})`;
  });
  const more = issues.length > MOST_ISSUES ? `; and ${issues.length - MOST_ISSUES} more` : '';
  return new DaggerError(
    'MESSAGE_INVALID',
    `the message to '${channel}' is not what ${whose}: ${told.join('; ')}${more}`,
  );
};

const valueAt = (payload: JsonValue, path: string): JsonValue | undefined => {
  let value: JsonValue | undefined = payload;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as { readonly [key: string]: JsonValue })[step];
  }
  return value;
};
