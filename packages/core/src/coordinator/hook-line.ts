import { DaggerError } from '../errors.ts';
import type { EventHook, HookCommands, HookContext } from '../hooks/hook.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { ExecutionEvent, ExecutionEventType } from '../run/public-events.ts';

/** What the hooks are asked about. */
type Question =
  | { readonly kind: 'start' }
  | { readonly kind: 'event'; readonly event: ExecutionEvent }
  | { readonly kind: 'complete'; readonly success: boolean };

/** What came of a question: commands with the name of their hook. */
export interface HookAnswer {
  readonly commands: readonly { readonly command: ExecutorCommand; readonly by: string }[];
}

const isPromise = (value: unknown): value is Promise<HookCommands> =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as PromiseLike<unknown>).then === 'function';

/** The hooks of a run, asked one question at a time, each hook in turn. */
export class HookLine {
  readonly #hooks: readonly EventHook[];
  readonly #names: readonly string[];
  readonly #wanted: ReadonlySet<ExecutionEventType> | 'all';
  readonly #context: HookContext;

  constructor(hooks: readonly EventHook[], context: HookContext) {
    this.#hooks = hooks;
    this.#names = hooks.map((hook, i) => hook.name ?? `hook ${i + 1}`);
    this.#context = Object.freeze(context);
    const handling = hooks.filter((hook) => hook.handle !== undefined);
    this.#wanted = handling.some((hook) => hook.events === undefined)
      ? 'all'
      : new Set(handling.flatMap((hook) => hook.events ?? []));
  }

  get length(): number {
    return this.#hooks.length;
  }

  wants(type: string): boolean {
    return this.#wanted === 'all' || (this.#wanted as ReadonlySet<string>).has(type);
  }

  /**
   * Asks every hook. A promise only when a hook gave one.
   * @throws DaggerError HOOK_FAILED naming the hook, with what it threw as the cause
   */
  ask(question: Question): HookAnswer | Promise<HookAnswer> {
    return this.#askFrom(0, question, []);
  }

  #askFrom(
    first: number,
    question: Question,
    commands: { command: ExecutorCommand; by: string }[],
  ): HookAnswer | Promise<HookAnswer> {
    for (let i = first; i < this.#hooks.length; i++) {
      const by = this.#names[i] as string;
      let answer: HookCommands | Promise<HookCommands>;
      try {
        answer = this.#call(this.#hooks[i] as EventHook, question);
      } catch (cause) {
        throw failed(by, cause);
      }
      if (isPromise(answer)) {
        return Promise.resolve(answer).then(
          (given) => {
            collect(given, by, commands);
            return this.#askFrom(i + 1, question, commands);
          },
          (cause: unknown) => {
            throw failed(by, cause);
          },
        );
      }
      collect(answer, by, commands);
    }
    return { commands };
  }

  #call(hook: EventHook, question: Question): HookCommands | Promise<HookCommands> {
    switch (question.kind) {
      case 'start':
        return hook.onStart?.(this.#context);
      case 'complete':
        return hook.onComplete?.(this.#context, question.success);
      case 'event':
        if (
          hook.events !== undefined &&
          !(hook.events as readonly string[]).includes(question.event.type)
        )
          return undefined;
        return hook.handle?.(this.#context, question.event);
    }
  }
}

const collect = (
  given: HookCommands,
  by: string,
  into: { command: ExecutorCommand; by: string }[],
): void => {
  if (given === undefined || given === null) return;
  if (!Array.isArray(given))
    throw failed(by, new TypeError('a hook returns a list of commands, or nothing'));
  for (const command of given as readonly ExecutorCommand[]) into.push({ command, by });
};

const failed = (by: string, cause: unknown): DaggerError =>
  cause instanceof DaggerError && cause.code === 'HOOK_FAILED'
    ? cause
    : new DaggerError(
        'HOOK_FAILED',
        `${by} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
