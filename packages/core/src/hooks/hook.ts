import type { DagConfig } from '../config/model.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { JsonValue } from '../json.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { ExecutionEvent, ExecutionEventType } from '../run/public-events.ts';

/** The run that a hook looks at. */
export interface HookContext {
  readonly runId: string;
  readonly dagName: string;
  /** What the application passed when it opened the executor. */
  readonly appData: unknown;
  readonly run: RunView;
}

/** A look at the run as it stands when a hook is asked, which may be later than the event that it is asked about. */
export interface RunView {
  /** The settings of the run. */
  readonly config: DagConfig;
  /** The definition of a node, or undefined when the run has no node of that id. */
  nodeOf(id: string): NodeDefinition | undefined;
  /** Whether a node with this action could be added. */
  knowsAction(name: string): boolean;
  /** The shared values of a namespace with their keys, in the order in which the keys were first set. */
  shared(namespace: string): readonly (readonly [key: string, value: JsonValue])[];
}

export type HookCommands = readonly ExecutorCommand[] | void | undefined;

/**
 * A policy: it is told of events and returns commands.
 *
 * A result is committed before the hooks see it, and dependents of a node start after they have. Hooks see events one at
 * a time and in order, several hooks in the order of their list; the commands of one event commit together with the mark
 * that it was seen, so that after a crash an event may be seen again while each command applies once. A hook that throws
 * fails the run. A hook that never returns holds the run until its timeout.
 */
export interface EventHook {
  /** For messages; default `hook` and the position in the list. */
  readonly name?: string;
  /** The types that `handle` wants to see; all when absent. Progress is for watchers only. */
  readonly events?: readonly Exclude<ExecutionEventType, 'NodeProgress'>[];
  handle?(ctx: HookContext, event: ExecutionEvent): HookCommands | Promise<HookCommands>;
  /** Before the first node starts. */
  onStart?(ctx: HookContext): HookCommands | Promise<HookCommands>;
  /** When nothing is left to do. Commands that add work make the run go on; it asks again at the next end. */
  onComplete?(ctx: HookContext, success: boolean): HookCommands | Promise<HookCommands>;
}
