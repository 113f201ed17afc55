import { PENDING_INSTRUCTIONS } from '../actions/human-interrupt.ts';
import type { ActionRegistry } from '../actions/registry.ts';
import { systemClock } from '../clock.ts';
import type { CoordinatorOptions, Runner, RunRequest } from '../coordinator/coordinator.ts';
import { DaggerError } from '../errors.ts';
import { GraphInvalidError, type Diagnostic } from '../graph/diagnostic.ts';
import { defineGraph, Graph, type CheckedGraph } from '../graph/graph.ts';
import type { GraphDefinition, GraphMetadata, NodeDefinition } from '../graph/model.ts';
import { readYamlDirectory, readYamlFile } from '../graph/yaml/files.ts';
import { loadYaml } from '../graph/yaml/load.ts';
import { SUPERVISOR_STEP } from '../graph/topology.ts';
import { systemIds, type Ids } from '../ids.ts';
import type { JsonValue } from '../json.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { Explanation } from '../run/explain.ts';
import type { NodeReport, RunReport } from '../run/report.ts';
import { openStorage } from '../storage/open.ts';
import type { Pruned, RetentionPolicy } from '../storage/retention.ts';
import { RunStore, type RunFilter, type StoredRun } from '../storage/run-store.ts';
import type { Storage } from '../storage/storage.ts';
import type { Cache } from '../cache/cache.ts';
import type { SavedSnapshot } from '../storage/snapshots.ts';
import { toTraceJson, type TraceJson } from '../trace/trace.ts';
import { executionState, type ExecutionState } from './execution-state.ts';
import { INSTRUCTIONS, type Instruction } from '../supervisor/instruction.ts';
import { taskGraph, type FlowTask } from '../supervisor/task.ts';
import type { RunHandle } from './handle.ts';
import { dumpRun, type ForkOptions, type RunDump } from './history.ts';
import { DagLibrary, type DagSummary } from './library.ts';
import type { Delivery } from './delivery.ts';
import type { ExecutorOptions, ResumeOptions, RunOptions, SendOptions } from './options.ts';
import type { PendingInput } from './pending-inputs.ts';
import { Runs } from './runs.ts';

/** What goes with a decision. */
export interface Remarks {
  readonly data?: JsonValue;
  readonly reason?: string;
  /** Who decided. */
  readonly by?: string;
}

/** Loads graphs and runs them; the face of the DAG flow. */
export class DagExecutor implements Runner {
  readonly registry: ActionRegistry;
  readonly #dags: DagLibrary = new DagLibrary();
  readonly #runs: Runs;
  readonly #storage: Storage | undefined;
  readonly #ids: Ids;
  readonly #hasSupervisor: boolean;

  private constructor(options: ExecutorOptions, runs: Runs, storage: Storage | undefined) {
    this.registry = options.registry;
    this.#runs = runs;
    this.#storage = storage;
    this.#ids = options.ids ?? systemIds;
    this.#hasSupervisor =
      options.supervisor !== undefined || options.registry.contains(SUPERVISOR_STEP);
  }

  /**
   * Opens an executor and, with storage, brings its tables up to date.
   * @throws DaggerError CONFIG_INVALID, STORAGE_URL, STORAGE_MISSING, STORAGE_FAILED
   */
  static async open(options: ExecutorOptions): Promise<DagExecutor> {
    if (options.storage === undefined)
      return new DagExecutor(options, new Runs(options, undefined), undefined);
    const storage =
      typeof options.storage === 'string' ? await openStorage(options.storage) : options.storage;
    const store = await RunStore.open(storage, options.clock ?? systemClock);
    return new DagExecutor(options, new Runs(options, store), storage);
  }

  // --- graphs ----------------------------------------------------------------------------------------------------

  /** Makes a graph known by its name. @throws GraphInvalidError, DaggerError DAG_DUPLICATE */
  add(graph: Graph | GraphDefinition, options: { readonly replace?: boolean } = {}): Graph {
    return this.#dags.add(
      graph instanceof Graph ? graph : defineGraph(graph),
      options.replace ?? false,
    );
  }

  /** Loads a YAML file. @throws GraphInvalidError with file, line and column of every problem */
  async loadYamlFile(path: string, options: { readonly replace?: boolean } = {}): Promise<Graph> {
    return this.#addChecked(await readYamlFile(path), options);
  }

  /** Loads YAML text. @throws GraphInvalidError with line and column of every problem */
  loadYamlString(text: string, options: { readonly replace?: boolean } = {}): Graph {
    return this.#addChecked(loadYaml(text), options);
  }

  /** Loads every `.yaml` and `.yml` of a directory; a bad file does not stop the others. */
  async loadYamlDir(
    path: string,
    options: { readonly replace?: boolean } = {},
  ): Promise<{ readonly loaded: readonly Graph[]; readonly problems: readonly Diagnostic[] }> {
    const loaded: Graph[] = [];
    const problems: Diagnostic[] = [];
    for (const { file, checked } of await readYamlDirectory(path)) {
      problems.push(...checked.diagnostics.filter((d) => d.severity === 'error'));
      if (checked.graph === undefined) continue;
      try {
        loaded.push(this.add(checked.graph, options));
      } catch (error) {
        if (!(error instanceof DaggerError)) throw error;
        problems.push({
          severity: 'error',
          code: 'id-duplicate',
          message: error.message,
          path: ['name'],
          file,
        });
      }
    }
    return { loaded, problems };
  }

  #addChecked(checked: CheckedGraph, options: { readonly replace?: boolean }): Graph {
    if (checked.graph === undefined) throw new GraphInvalidError(checked.diagnostics);
    return this.add(checked.graph, options);
  }

  hasDag(name: string): boolean {
    return this.#dags.has(name);
  }

  /** @throws DaggerError DAG_UNKNOWN */
  getDag(name: string): Graph {
    return this.#dags.get(name);
  }

  listDags(): DagSummary[] {
    return this.#dags.list();
  }

  /** Graphs that have a tag which contains `part`. */
  listDagsByTag(part: string): DagSummary[] {
    return this.#dags.list(({ tags }) => tags.some((tag) => tag.includes(part)));
  }

  /** Graphs that have all of the tags. */
  listDagsByTags(wanted: readonly string[]): DagSummary[] {
    return this.#dags.list(({ tags }) => wanted.every((tag) => tags.includes(tag)));
  }

  listDagsMetadata(): GraphMetadata[] {
    return this.#dags.metadata();
  }

  /** Adds a node to a graph before it runs: a new definition under the same name. Runs under way keep theirs. */
  addNode(dag: string, node: NodeDefinition): Graph {
    return this.#dags.extend(dag, [node]);
  }

  /** Like `addNode` for several nodes: all of them, or none. */
  addNodes(dag: string, nodes: readonly NodeDefinition[]): Graph {
    return this.#dags.extend(dag, nodes);
  }

  // --- runs ------------------------------------------------------------------------------------------------------

  /** Runs a graph to the end of a session. Resolves with the report, also of a run that failed or paused. */
  async run(dag: string | Graph, options: RunOptions = {}): Promise<RunReport> {
    return (await this.#runs.open(this.#graph(dag), options, false)).done;
  }

  /** Runs one node at a time in topological order, with the same semantics and report. */
  async runSequential(dag: string | Graph, options: RunOptions = {}): Promise<RunReport> {
    return this.run(dag, { ...options, maxParallelNodes: 1 });
  }

  /**
   * Runs a loaded graph, a graph, or a task alone: then the supervisor plans all of it, beginning with one
   * `supervisor_step`. `flowOutputs` gives the result of the latter.
   * @throws DaggerError SUPERVISOR_MISSING, and what `start` throws
   */
  async executeDag(
    target: string | Graph | FlowTask,
    options: RunOptions = {},
  ): Promise<RunReport> {
    if (typeof target === 'string' || target instanceof Graph) return this.run(target, options);
    const graph = taskGraph(target);
    const supervisor = options.supervisor ?? target.supervisor;
    if (supervisor === undefined && !this.#hasSupervisor)
      throw new DaggerError(
        'SUPERVISOR_MISSING',
        'a task alone needs somebody who plans it: give what defineSupervisor makes as `supervisor`, to DagExecutor.open or beside the task',
      );
    return this.run(graph, {
      ...options,
      ...(target.inputs === undefined ? {} : { inputs: { ...target.inputs, ...options.inputs } }),
      ...(supervisor === undefined ? {} : { supervisor }),
    });
  }

  async execute(request: RunRequest, options: CoordinatorOptions): Promise<RunReport> {
    const { dag, ...rest } = request;
    return this.run(dag, { ...rest, ...options });
  }

  /**
   * Starts a run and gives a handle on it before its first event.
   * @throws DaggerError DAG_UNKNOWN, GRAPH_INVALID (unregistered actions), CONFIG_INVALID, LIMIT_REACHED, NOT_JSON,
   *   RUN_CONFLICT, RUN_OWNED
   */
  async start(dag: string | Graph, options: RunOptions = {}): Promise<RunHandle> {
    return this.#runs.open(this.#graph(dag), options, true);
  }

  /**
   * Goes on with a run: after a crash where it stopped; after a pause, a failure, a cancellation or a timeout with
   * another chance for what failed or was cancelled. A run that succeeded just gives its report.
   * @throws DaggerError RUN_UNKNOWN, RUN_OWNED
   */
  async resume(runId: string, options: ResumeOptions = {}): Promise<RunReport> {
    return (await this.#runs.resume(runId, options)).done;
  }

  /** Like `resume`, with a handle on the run. */
  async startResume(runId: string, options: ResumeOptions = {}): Promise<RunHandle> {
    return this.#runs.resume(runId, options);
  }

  /**
   * Sends a command to a run, whoever works on it, and also when nobody does: it is durable when this resolves.
   * @throws DaggerError RUN_UNKNOWN, COMMAND_REJECTED
   */
  async send(
    runId: string,
    command: ExecutorCommand,
    options: SendOptions = {},
  ): Promise<Delivery> {
    return this.#runs.sending.send(runId, command, options);
  }

  /** Commands for a run whose time has not come: sent and not taken up, or kept until a node asks. @throws DaggerError RUN_UNKNOWN */
  async pendingInputs(runId: string): Promise<readonly PendingInput[]> {
    return this.#runs.readings.pendingInputs(runId);
  }

  /** Says yes to what a node asks, or will ask. @throws DaggerError RUN_UNKNOWN, COMMAND_REJECTED */
  async approve(runId: string, nodeId: string, given: Remarks = {}): Promise<Delivery> {
    return this.send(runId, { type: 'GiveInput', nodeId, decision: 'approve', ...given });
  }

  /** Says no: the node fails, unless it takes a rejection as an answer. @throws DaggerError RUN_UNKNOWN, COMMAND_REJECTED */
  async reject(runId: string, nodeId: string, given: Remarks = {}): Promise<Delivery> {
    return this.send(runId, { type: 'GiveInput', nodeId, decision: 'reject', ...given });
  }

  /** Answers what a node asks, or will ask. @throws DaggerError RUN_UNKNOWN, COMMAND_REJECTED, NOT_JSON */
  async answer(
    runId: string,
    nodeId: string,
    data: JsonValue,
    given: Omit<Remarks, 'data'> = {},
  ): Promise<Delivery> {
    return this.send(runId, { type: 'GiveInput', nodeId, decision: 'answer', data, ...given });
  }

  /** Sets a shared value of a run, and answers every node that waits for it. @throws DaggerError RUN_UNKNOWN, NOT_JSON */
  async updateCache(
    runId: string,
    namespace: string,
    key: string,
    value: JsonValue,
  ): Promise<Delivery> {
    return this.send(runId, { type: 'UpdateCache', namespace, key, value });
  }

  /**
   * Puts an instruction into the queue of an agent-driven run; its next iteration carries it out.
   * @param key its name: the same key again is the same instruction. Default: a new one.
   * @throws DaggerError RUN_UNKNOWN, COMMAND_REJECTED, NOT_JSON
   */
  async instruct(runId: string, instruction: Instruction, key?: string): Promise<Delivery> {
    const name = key ?? this.#ids.runId();
    return this.updateCache(runId, INSTRUCTIONS, name, instruction as unknown as JsonValue);
  }

  /** Whether a run is paused: nothing goes on until somebody resumes it. @throws DaggerError RUN_UNKNOWN */
  async isPaused(runId: string): Promise<boolean> {
    return (await this.report(runId)).status === 'paused';
  }

  /**
   * Goes on with a paused run; `input` answers every `human_interrupt` that waits.
   * @throws DaggerError RUN_UNKNOWN, RUN_OWNED, COMMAND_REJECTED, NOT_JSON
   */
  async resumeFromPause(
    runId: string,
    input?: JsonValue,
    options: ResumeOptions = {},
  ): Promise<RunReport> {
    if (input !== undefined) {
      const { namespace, key } = PENDING_INSTRUCTIONS;
      await this.updateCache(runId, namespace, key, input);
    }
    return this.resume(runId, options);
  }

  /** Cancels a run, also one that nobody works on. @throws DaggerError RUN_UNKNOWN, COMMAND_REJECTED */
  async cancel(runId: string, reason?: string): Promise<Delivery> {
    return this.send(runId, { type: 'CancelRun', ...(reason === undefined ? {} : { reason }) });
  }

  /** The report of a run as it stands. @throws DaggerError RUN_UNKNOWN */
  async report(runId: string): Promise<RunReport> {
    return this.#runs.readings.report(runId);
  }

  /** One node of a run as it stands: status, attempts, last error and so on. @throws DaggerError RUN_UNKNOWN */
  async nodeState(runId: string, nodeId: string): Promise<NodeReport> {
    return this.#runs.readings.nodeState(runId, nodeId);
  }

  /** Why a node of a run ran, waits, was skipped, or took what an earlier run had made. @throws DaggerError RUN_UNKNOWN */
  async explain(runId: string, nodeId: string): Promise<Explanation> {
    return this.#runs.readings.explain(runId, nodeId);
  }

  /** The graph of a run with everything that it grew. @throws DaggerError RUN_UNKNOWN */
  async runGraph(runId: string): Promise<Graph> {
    return this.#runs.readings.graph(runId);
  }

  /**
   * Runs some nodes of a run anew, with everything downstream of them and with changed inputs if wanted; what else was done
   * is kept. The result is a new run; the old one stays as it is. Nodes that hooks had added on account of the nodes that run
   * anew are left out: the hooks see the same events again. The nodes of `from` take no result of an earlier run
   * (`cacheStrategy`); those downstream may, where their inputs are the same. Needs storage.
   * @throws DaggerError RUN_UNKNOWN, RUN_CONFLICT, INPUT_INVALID, NOT_JSON, CONFIG_INVALID without storage
   */
  async fork(runId: string, fork: ForkOptions, options: ResumeOptions = {}): Promise<RunReport> {
    return (await this.#runs.fork(runId, fork, options)).done;
  }

  /** Like `fork`, with a handle on the new run. */
  async startFork(
    runId: string,
    fork: ForkOptions,
    options: ResumeOptions = {},
  ): Promise<RunHandle> {
    return this.#runs.fork(runId, fork, options);
  }

  /** Runs a node and everything downstream of it anew, as a new run. @throws DaggerError see `fork` */
  async rerun(runId: string, nodeId: string, options: ResumeOptions = {}): Promise<RunReport> {
    return this.fork(runId, { from: nodeId }, options);
  }

  // --- what is stored --------------------------------------------------------------------------------------------

  /** Writes a snapshot of a run, from which recovery goes on. @throws DaggerError RUN_UNKNOWN, CONFIG_INVALID without storage */
  async saveSnapshot(runId: string): Promise<SavedSnapshot> {
    return this.#runs.saveSnapshot(runId);
  }

  /** A copy of the values of a run as they stand. @throws DaggerError RUN_UNKNOWN */
  async loadCache(runId: string): Promise<Cache> {
    return this.#runs.readings.cache(runId);
  }

  /** The nodes of a run by what they are doing. @throws DaggerError RUN_UNKNOWN */
  async executionState(runId: string): Promise<ExecutionState> {
    return executionState(await this.report(runId));
  }

  /** The run as a tree of nodes and edges, with what became of each. @throws DaggerError RUN_UNKNOWN */
  async executionTree(runId: string): Promise<TraceJson> {
    return toTraceJson(await this.runGraph(runId), await this.report(runId));
  }

  /** Everything that storage holds of a run. @throws DaggerError RUN_UNKNOWN, CONFIG_INVALID without storage */
  async dump(runId: string): Promise<RunDump> {
    return dumpRun(this.#runs.stored('a dump'), runId);
  }

  /** Stored runs, the most recent first; without storage those under way and remembered. */
  async listRuns(filter: RunFilter = {}): Promise<StoredRun[]> {
    return this.#runs.readings.list(filter);
  }

  /**
   * Deletes old runs with all that belongs to them, old results for later runs, and then the large values and graphs that
   * nothing refers to any more. Runs that somebody works on stay, and so do paused ones unless the policy names them.
   * Without storage there is nothing to delete.
   * @throws DaggerError CONFIG_INVALID
   */
  async prune(policy: RetentionPolicy): Promise<Pruned> {
    return this.#runs.prune(policy);
  }

  /** Lets go of every run without ending it (with storage they can be resumed), and closes the storage. */
  async close(): Promise<void> {
    const failures = await this.#runs.letGo();
    try {
      await this.#storage?.close();
    } catch (error) {
      failures.push(error);
    }
    if (failures.length > 0)
      throw new AggregateError(failures, 'the executor did not close cleanly');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #graph(dag: string | Graph): Graph {
    return typeof dag === 'string' ? this.#dags.get(dag) : dag;
  }
}
