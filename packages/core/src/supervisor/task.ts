import { DaggerError } from '../errors.ts';
import { defineGraph, type Graph } from '../graph/graph.ts';
import { SUPERVISOR_STEP } from '../graph/topology.ts';
import type { JsonObject } from '../json.ts';
import type { RunReport } from '../run/report.ts';
import type { Supervisor } from './supervisor.ts';

/** A flow that has nothing but a task: its supervisor plans the rest. */
export interface FlowTask {
  readonly task: string;
  /** Default: that of the executor. */
  readonly supervisor?: Supervisor;
  /** The inputs of the run. */
  readonly inputs?: JsonObject;
  /** The name of the graph. Default `agent_flow`. */
  readonly name?: string;
}

/** The graph of a task: the first step of the supervisor. @throws DaggerError INPUT_INVALID, GRAPH_INVALID */
export const taskGraph = ({ task, name = 'agent_flow' }: FlowTask): Graph => {
  if (typeof task !== 'string' || task.trim() === '')
    throw new DaggerError('INPUT_INVALID', 'task must be a non-empty text');
  return defineGraph({
    name,
    tags: ['agent'],
    nodes: [
      { id: 'supervisor_1', action: SUPERVISOR_STEP, inputs: [{ name: 'task', value: task }] },
    ],
  });
};

/** The result of an agent-driven flow: the outputs of the step that said that it is done; undefined before. */
export const flowOutputs = (report: RunReport): JsonObject | undefined => {
  const last = Object.values(report.nodes).findLast(({ action }) => action === SUPERVISOR_STEP);
  const decided = last?.metadata?.['supervisor'] as JsonObject | undefined;
  return decided?.['done'] === true ? (last?.outputs ?? undefined) : undefined;
};
