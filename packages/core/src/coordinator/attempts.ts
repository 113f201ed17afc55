import type { ActionChecks, AnyAction } from '../actions/action.ts';
import type { ActionRegistry } from '../actions/registry.ts';
import type { Cache } from '../cache/cache.ts';
import type { Clock } from '../clock.ts';
import { DaggerError } from '../errors.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { RunState } from '../run/state.ts';
import { Status } from '../run/status.ts';
import { NodeAttempt, type AttemptHost } from './attempt.ts';
import { resolveInputs, type LoadOutputs } from './inputs.ts';
import type { Timers } from './timers.ts';

interface Registered {
  readonly action: AnyAction;
  readonly checks: ActionChecks;
}

export interface AttemptsOptions {
  readonly host: AttemptHost;
  readonly state: RunState;
  readonly cache: Cache;
  readonly registry: ActionRegistry;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly load: LoadOutputs | undefined;
  /** Called when an attempt took longer than its `seconds`; it is given up already. */
  readonly timedOut: (attempt: NodeAttempt, seconds: number) => void;
  /** Called in place of an action whose node shall no longer start. */
  readonly called: (n: number) => void;
  /** Whether nothing shall start any more. */
  readonly stopped: () => boolean;
}

/** The attempts under way: begins them, knows them, gives them up. A node that is given up has no place here any more. */
export class Attempts {
  /** Handlers under way, by the node that failed. */
  readonly handlers: Map<number, NodeAttempt> = new Map();
  readonly #options: AttemptsOptions;
  readonly #byNode: (NodeAttempt | undefined)[] = [];
  readonly #actions: (Registered | undefined)[] = [];

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** Starts an attempt of a node that the state knows as running. */
  begin(n: number): void {
    const { state, cache, load } = this.#options;
    if (!this.#wanted(n)) return;
    let inputs: JsonObject | Promise<JsonObject>;
    try {
      inputs = resolveInputs(state, cache, n, load);
    } catch (error) {
      return this.#refuse(n, error);
    }
    if (!(inputs instanceof Promise)) return this.#check(n, inputs);
    inputs.then(
      (resolved) => this.#check(n, resolved),
      (error: unknown) => this.#refuse(n, error),
    );
  }

  /** Takes a finished attempt out; false when it was given up before. */
  settle(attempt: NodeAttempt): boolean {
    const n = NodeAttempt.numberOf(attempt);
    if (NodeAttempt.isHandler(attempt)) {
      if (this.handlers.get(n) !== attempt) return false;
      this.handlers.delete(n);
    } else {
      if (this.#byNode[n] !== attempt) return false;
      this.#byNode[n] = undefined;
    }
    NodeAttempt.untimed(attempt);
    return true;
  }

  /** Gives up the attempt of a node, if it has one. */
  giveUp(n: number): NodeAttempt | undefined {
    const attempt = this.#byNode[n];
    if (attempt === undefined) return undefined;
    this.#byNode[n] = undefined;
    NodeAttempt.untimed(attempt);
    return attempt;
  }

  /** Tells every action under way to stop. */
  abortAll(reason: unknown): void {
    for (const attempt of this.#byNode)
      if (attempt !== undefined) NodeAttempt.abort(attempt, reason);
    for (const attempt of this.handlers.values()) NodeAttempt.abort(attempt, reason);
  }

  /** Starts the failure handler of a node. */
  beginHandler(n: number): void {
    const { host, state, registry } = this.#options;
    const definition = state.topology.definitions[n] as NodeDefinition;
    const error = state.notes.get(n)?.error;
    const told = Object.freeze({
      nodeId: definition.id,
      error: { code: error?.code ?? '', name: error?.name ?? '', message: error?.message ?? '' },
      attempts: state.attempt[n] as number,
      inputs: this.#inputsForHandler(n),
    });
    const attempt = new NodeAttempt(host, n, 1, told, true);
    this.handlers.set(n, attempt);
    try {
      const { action, checks } = registry.resolve(definition.failure as string);
      this.#time(attempt, action.timeout);
      NodeAttempt.run(attempt, action, checks);
    } catch (thrown) {
      NodeAttempt.refuse(attempt, thrown, 'ACTION_UNKNOWN');
    }
  }

  /** The registered action of a node. @throws DaggerError ACTION_UNKNOWN */
  actionOf(n: number): Registered {
    const { topology } = this.#options.state;
    const number = topology.action[n] as number;
    return (this.#actions[number] ??= this.#options.registry.resolve(
      topology.actionNames[number] as string,
    ));
  }

  /** A stop, or the cancellation of the branch, may have come since the node was started. */
  #wanted(n: number): boolean {
    if (this.#options.state.status[n] !== Status.RUNNING) return false;
    if (!this.#options.stopped()) return true;
    this.#options.called(n);
    return false;
  }

  #check(n: number, inputs: JsonObject): void {
    let found: Registered;
    try {
      found = this.actionOf(n);
      if (found.checks.input === undefined) return this.#launch(n, inputs, found);
      const result = found.checks.input(inputs);
      if (!(result instanceof Promise)) return this.#accept(n, found, result);
      result.then(
        (validation) => this.#accept(n, found, validation),
        (error: unknown) => this.#refuse(n, error),
      );
    } catch (error) {
      this.#refuse(n, error);
    }
  }

  #accept(
    n: number,
    found: Registered,
    {
      value,
      issues,
    }: { readonly value?: unknown; readonly issues?: readonly string[] | undefined },
  ): void {
    if (issues === undefined) return this.#launch(n, value as JsonObject, found);
    this.#refuse(
      n,
      new DaggerError(
        'INPUT_INVALID',
        `the inputs do not fit the schema of action '${found.action.name}': ${issues.join('; ')}`,
      ),
    );
  }

  #launch(n: number, inputs: JsonObject, { action, checks }: Registered): void {
    const { host, state } = this.#options;
    if (!this.#wanted(n)) return;
    const attempt = new NodeAttempt(host, n, state.attempt[n] as number, inputs, false);
    this.#byNode[n] = attempt;
    const timeout = (state.topology.definitions[n] as NodeDefinition).timeout ?? action.timeout;
    if (timeout !== undefined) this.#time(attempt, timeout);
    NodeAttempt.run(attempt, action, checks);
  }

  /** Ends an attempt before its action began. */
  #refuse(n: number, error: unknown): void {
    const { host, state } = this.#options;
    if (state.status[n] !== Status.RUNNING) return;
    const attempt = new NodeAttempt(host, n, state.attempt[n] as number, {}, false);
    this.#byNode[n] = attempt;
    NodeAttempt.refuse(attempt, error, 'INPUT_INVALID');
  }

  #time(attempt: NodeAttempt, seconds: number | undefined): void {
    if (seconds === undefined) return;
    const { clock, timers, timedOut } = this.#options;
    const cancel = timers.at(clock.now() + seconds * 1000, () => timedOut(attempt, seconds));
    NodeAttempt.timed(attempt, cancel);
  }

  /** Null when the node failed for want of its inputs. */
  #inputsForHandler(n: number): JsonValue {
    try {
      const resolved = resolveInputs(this.#options.state, this.#options.cache, n, undefined);
      return resolved instanceof Promise ? null : resolved;
    } catch {
      return null;
    }
  }
}
