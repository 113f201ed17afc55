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
  #base: ActionRegistry | undefined;

  /** @throws DaggerError ACTION_DUPLICATE, ACTION_INVALID */
  constructor(actions: Iterable<AnyAction> = []) {
    for (const action of actions) this.register(action);
  }

  /** @throws DaggerError ACTION_DUPLICATE when the name is taken, ACTION_INVALID */
  register(action: AnyAction): this {
    checkAction(action);
    if (this.#actionNamed(action.name) !== undefined) throw taken(action.name);
    this.#actions.set(action.name, { action, checks: compileChecks(action) });
    return this;
  }

  /** Registers a bare function as an action. */
  registerFn<O>(name: string, execute: (ctx: ActionContext) => ActionResult<O>): this {
    const action: Action<JsonObject, O> = { name, execute };
    return this.register(action);
  }

  /**
   * @internal A registry that knows everything that this one knows, now and later, and one action more. This one stays as
   * it is.
   * @throws DaggerError ACTION_DUPLICATE when another action has the name, ACTION_INVALID
   */
  static with(base: ActionRegistry, action: AnyAction): ActionRegistry {
    const present = base.#actionNamed(action.name);
    if (present?.action === action) return base;
    if (present !== undefined) throw taken(action.name);
    const wider = new ActionRegistry([action]);
    wider.#base = base;
    return wider;
  }

  get(name: string): AnyAction | undefined {
    return this.#find(name)?.action;
  }

  contains(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  #find(name: string): Registered | undefined {
    return this.#actionNamed(name) ?? (name === humanInterrupt.name ? this.#builtIn() : undefined);
  }

  #actionNamed(name: string): Registered | undefined {
    const base = this.#base;
    return this.#actions.get(name) ?? (base === undefined ? base : base.#actionNamed(name));
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
    return [...(this.#base?.list() ?? []), ...this.#actions.keys()];
  }

  /** The inputs and outputs of every action, ready for a language model. */
  toolSchemas(): ToolSchema[] {
    const own = [...this.#actions.values()].map(({ action }) => ({
      name: action.name,
      description: action.description ?? '',
      parameters: describeSchema(action.input, 'input'),
      returns: describeSchema(action.output, 'output'),
    }));
    return [...(this.#base?.toolSchemas() ?? []), ...own];
  }

  /** @internal @throws DaggerError ACTION_UNKNOWN with the closest name */
  resolve(name: string): Registered {
    const found = this.#find(name);
    if (found !== undefined) return found;
    const hint = closest(name, this.list());
    throw new DaggerError(
      'ACTION_UNKNOWN',
      `no action named '${name}' is registered${hint === undefined ? '' : `; did you mean '${hint}'?`}`,
      { ids: { action: name } },
    );
  }
}

const taken = (name: string): DaggerError =>
  new DaggerError('ACTION_DUPLICATE', `an action named '${name}' is registered already`, {
    ids: { action: name },
  });
