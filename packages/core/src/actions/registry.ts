import { DaggerError } from '../errors.ts';
import { closest } from '../graph/compile.ts';
import type { JsonObject } from '../json.ts';
import { describeSchema } from '../schema/validator.ts';
import {
  checkAction,
  compileChecks,
  type Action,
  type ActionChecks,
  type ActionResult,
  type AnyAction,
} from './action.ts';
import type { ActionContext } from './context.ts';
import { humanInterrupt } from './human-interrupt.ts';

/** An action as the function-calling interfaces of language models want it. */
export interface ToolSchema {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the inputs. */
  readonly parameters: JsonObject;
  /** JSON Schema of the outputs. */
  readonly returns: JsonObject;
}

interface Registered {
  readonly action: AnyAction;
  readonly checks: ActionChecks;
}

/** The actions that graphs may name, beside `human_interrupt`. Passed in, never global. */
export class ActionRegistry {
  readonly #actions: Map<string, Registered> = new Map();
  #humanInterrupt: Registered | undefined;

  /** @throws DaggerError ACTION_DUPLICATE, ACTION_INVALID */
  constructor(actions: Iterable<AnyAction> = []) {
    for (const action of actions) this.register(action);
  }

  /** @throws DaggerError ACTION_DUPLICATE when the name is taken, ACTION_INVALID */
  register(action: AnyAction): this {
    checkAction(action);
    if (this.#actions.has(action.name)) {
      throw new DaggerError(
        'ACTION_DUPLICATE',
        `an action named '${action.name}' is registered already`,
        { ids: { action: action.name } },
      );
    }
    this.#actions.set(action.name, { action, checks: compileChecks(action) });
    return this;
  }

  /** Registers a bare function as an action. */
  registerFn<O>(name: string, execute: (ctx: ActionContext) => ActionResult<O>): this {
    const action: Action<JsonObject, O> = { name, execute };
    return this.register(action);
  }

  get(name: string): AnyAction | undefined {
    return this.#find(name)?.action;
  }

  contains(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  #find(name: string): Registered | undefined {
    return this.#actions.get(name) ?? (name === humanInterrupt.name ? this.#builtIn() : undefined);
  }

  /** Known to every registry; an action that is registered under the same name takes its place. */
  #builtIn(): Registered {
    return (this.#humanInterrupt ??= {
      action: humanInterrupt,
      checks: compileChecks(humanInterrupt),
    });
  }

  /** The names, in the order of registration. */
  list(): string[] {
    return [...this.#actions.keys()];
  }

  /** The inputs and outputs of every action, ready for a language model. */
  toolSchemas(): ToolSchema[] {
    return [...this.#actions.values()].map(({ action }) => ({
      name: action.name,
      description: action.description ?? '',
      parameters: describeSchema(action.input, 'input'),
      returns: describeSchema(action.output, 'output'),
    }));
  }

  /** @internal @throws DaggerError ACTION_UNKNOWN with the closest name */
  resolve(name: string): Registered {
    const found = this.#find(name);
    if (found !== undefined) return found;
    const hint = closest(name, this.#actions.keys());
    throw new DaggerError(
      'ACTION_UNKNOWN',
      `no action named '${name}' is registered${hint === undefined ? '' : `; did you mean '${hint}'?`}`,
      { ids: { action: name } },
    );
  }
}
