import type { DagConfigInput } from '../config/model.ts';
import type { JsonValue } from '../json.ts';

/** An input of a node: exactly one of a reference or a literal; a `default` stands in for a missing reference. */
export interface InputField {
  readonly name: string;
  readonly description?: string;
  /** `inputs.<name>` for an input of the run, `<node>.<output>` for an output; deeper parts walk into the value. */
  readonly reference?: string;
  readonly value?: JsonValue;
  readonly default?: JsonValue;
}

export interface OutputField {
  readonly name: string;
  readonly description?: string;
}

/** A dependency: the id of a node, or the id with the wish to run whatever became of it. */
export type DependencySpec = string | { readonly id: string; readonly optional?: boolean };

/** How many dependencies must succeed: all required ones (default), any one, or at least a number. */
export type JoinPolicy = 'all' | 'any' | { readonly atLeast: number };

/** Reuse of results across runs: see `cache_strategy` in the YAML reference. */
export type CacheStrategy =
  'always' | 'never' | { readonly ttl: number } | { readonly custom: string };

/** A node as it is written: every key but `id` and `action` may be left out. */
export interface NodeDefinition {
  readonly id: string;
  readonly action: string;
  readonly dependencies?: readonly DependencySpec[];
  readonly inputs?: readonly InputField[];
  readonly outputs?: readonly OutputField[];
  /** Seconds for one attempt. Default: the action's, else none. */
  readonly timeout?: number;
  /** Seconds that a successful attempt is expected to take, above 0; only the order of starts depends on it. Default: the action's, else learned. */
  readonly duration?: number;
  /** Attempts in all; 1 means no retry. Default: the action's, else `maxAttempts` of the config. */
  readonly tryCount?: number;
  /** The action that runs after the last failed attempt. */
  readonly failure?: string;
  /** `false`: the final failure of this node stops the run, whatever the policy of the run. Default: true. */
  readonly onfailure?: boolean;
  readonly description?: string;
  readonly instructions?: readonly string[];
  readonly cacheStrategy?: CacheStrategy;
  /** A CEL expression over `inputs`, `outputs` and `status`; false skips the node. */
  readonly when?: string;
  readonly join?: JoinPolicy;
  /** `false`: the node starts disabled and is skipped unless it is enabled before its turn. Default: true. */
  readonly enabled?: boolean;
}

/** A graph as it is written. */
export interface GraphDefinition {
  readonly name: string;
  readonly description?: string;
  readonly instructions?: readonly string[];
  readonly tags?: readonly string[];
  readonly author?: string;
  readonly version?: string;
  readonly signature?: string;
  readonly config?: DagConfigInput;
  readonly nodes: readonly NodeDefinition[];
}

/** The name, author and so on of a graph, without its nodes. */
export interface GraphMetadata {
  readonly name: string;
  readonly description: string;
  readonly instructions: readonly string[];
  readonly tags: readonly string[];
  readonly author: string;
  readonly version: string;
  readonly signature: string;
}
