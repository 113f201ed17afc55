import { Cache } from '../cache/cache.ts';
import { mergeConfig } from '../config/merge.ts';
import { checkDepth, checkNodeCount } from '../coordinator/size-limits.ts';
import { Depths } from '../graph/depth.ts';
import { Graph } from '../graph/graph.ts';
import { RUN_INPUTS } from '../graph/reference.ts';
import { ownJson, type JsonObject } from '../json.ts';
import type { RunEvent } from '../run/events.ts';
import { RunState } from '../run/state.ts';
import type { RunEnvironment } from './environment.ts';
import type { RunHandle } from './handle.ts';
import type { Launcher } from './launcher.ts';
import { learnedBody } from './learning.ts';
import type { LiveRuns } from './live-runs.ts';
import type { RunOptions } from './options.ts';
import type { Resumption } from './resumption.ts';

export interface CreationParts {
  readonly environment: RunEnvironment;
  readonly live: LiveRuns;
  readonly launcher: Launcher;
  readonly resumption: Resumption;
}

/** Makes new runs of graphs. */
export class Creation {
  readonly #environment: RunEnvironment;
  readonly #live: LiveRuns;
  readonly #launcher: Launcher;
  readonly #resumption: Resumption;

  constructor({ environment, live, launcher, resumption }: CreationParts) {
    this.#environment = environment;
    this.#live = live;
    this.#launcher = launcher;
    this.#resumption = resumption;
  }

  async create(
    graph: Graph,
    runId: string,
    options: RunOptions,
    handleFirst: boolean,
  ): Promise<RunHandle> {
    const environment = this.#environment;
    const { store, clock } = environment;
    const topology = Graph.topologyOf(graph);
    environment.checkActions(topology, environment.registryFor(options));
    const config =
      Object.keys(graph.config).length === 0
        ? environment.config
        : mergeConfig(environment.config, graph.config);
    checkNodeCount(config, topology.count);
    checkDepth(config, topology, 0, new Depths());
    const cache = options.cache ?? new Cache(environment.options.cacheLimits);
    cache.keepWhile((space) => space === RUN_INPUTS);
    if (options.inputs !== undefined) {
      for (const [name, value] of Object.entries(ownJson(options.inputs) as JsonObject))
        if (value !== undefined) cache.insert(RUN_INPUTS, name, value);
    }
    const state = new RunState(topology, config);
    let fence: number | undefined;
    let createdAt: number | undefined;
    let learned: string | undefined;
    if (store !== undefined) {
      const nodes = topology.count;
      learned = await learnedBody(store, graph.name, { config, options, nodes });
      const created = await store.create({
        runId,
        dag: graph.name,
        definition: Graph.textOf(graph),
        config,
        cache: cache.toJSON(),
      });
      // Another process was faster with the same id.
      if (created === undefined) return this.#resumption.resume(runId, options);
      ({ fence, createdAt } = created);
    }
    if (this.#live.closed) await this.#launcher.giveBack(runId, fence);
    const first: RunEvent = {
      type: 'RunStarted',
      at: clock.now(),
      hooked: environment.hooksFor(options, topology).length > 0,
    };
    return this.#launcher.launch({
      runId,
      graph,
      config,
      state,
      cache,
      fence,
      createdAt,
      learned,
      unseen: [],
      first,
      options,
      handleFirst,
    });
  }
}
