import { silentLogger, type Logger } from '../actions/logger.ts';
import type { ActionRegistry } from '../actions/registry.ts';
import { systemClock, type Clock } from '../clock.ts';
import { mergeConfig } from '../config/merge.ts';
import type { DagConfig } from '../config/model.ts';
import { memoryMemo } from '../coordinator/memo.ts';
import type { Problems } from '../graph/compile.ts';
import { GraphInvalidError } from '../graph/diagnostic.ts';
import { checkActions } from '../graph/known-actions.ts';
import type { Topology } from '../graph/topology.ts';
import type { EventHook } from '../hooks/hook.ts';
import { systemIds, type Ids } from '../ids.ts';
import type { MemoStore } from '../storage/journal.ts';
import type { RunStore } from '../storage/run-store.ts';
import { checkSupervisor, withAction, withHook } from '../supervisor/supervise.ts';
import type { ExecutorOptions, ResumeOptions } from './options.ts';

const MEMOS_IN_MEMORY = 10_000;

/** What the runs of an executor share: actions, settings, clock, ids, and storage where there is one. */
export class RunEnvironment {
  readonly options: ExecutorOptions;
  readonly registry: ActionRegistry;
  readonly config: DagConfig;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly store: RunStore | undefined;
  readonly memo: MemoStore;

  constructor(options: ExecutorOptions, store: RunStore | undefined) {
    checkSupervisor(options.supervisor);
    this.options = options;
    this.registry = withAction(options.registry, options.supervisor);
    this.config = mergeConfig(options.config);
    this.clock = options.clock ?? systemClock;
    this.ids = options.ids ?? systemIds;
    this.logger = options.logger ?? silentLogger;
    this.store = store;
    this.memo = store?.memo ?? memoryMemo(MEMOS_IN_MEMORY);
  }

  /** The actions of a run, with those of its planner. */
  registryFor({ supervisor }: ResumeOptions): ActionRegistry {
    if (supervisor === undefined || supervisor === this.options.supervisor) return this.registry;
    return withAction(this.options.registry, supervisor);
  }

  /** The hooks of a run, with that of its planner. */
  hooksFor({ hooks = [], supervisor }: ResumeOptions, topology: Topology): readonly EventHook[] {
    return withHook(hooks, supervisor ?? this.options.supervisor, topology);
  }

  /** @throws GraphInvalidError for actions that are not registered */
  checkActions(topology: Topology, registry: ActionRegistry): void {
    if (!topology.hasHandlers && topology.actionNames.every((name) => registry.contains(name)))
      return;
    const problems: Problems = [];
    checkActions(topology.definitions, 0, problems, registry);
    if (problems.length > 0) throw new GraphInvalidError(problems);
  }
}
