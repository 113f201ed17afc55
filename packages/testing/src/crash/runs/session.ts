import type { AnyAction, DagExecutor } from '@dagger/core';
import { note } from '../side-effects.ts';
import type { World } from '../world.ts';
import type { RunsAccount, States } from './check.ts';
import { tracked, type RunEffect } from './effects.ts';
import type { CrashRun, CrashScenario } from './scenario.ts';
import { stateOf, type RunStateData } from './state.ts';

const toTheEnd = async (executor: DagExecutor, run: CrashRun, effects: string): Promise<void> => {
  const { runId } = run;
  const told = (effect: RunEffect): void => note(effects, effect);
  const begin = async (): ReturnType<DagExecutor['start']> => {
    const handle = await executor.start(run.dag, { ...run.options?.(), runId });
    handle.events.subscribe((event) => {
      if (event.type === 'NodeCompleted') told({ type: 'completed', runId, nodeId: event.nodeId });
    });
    return handle;
  };
  const { status } = await (run.drive?.(executor, begin) ?? (await begin()).done);
  told({ type: 'reported', runId, status });
};

/** Takes the runs of a scenario to their ends, one after the other. */
export const playRuns = async (
  scenario: CrashScenario,
  { bare, storage, effects }: World,
): Promise<RunsAccount> => {
  const names = new Set<string>();
  const track = <A extends AnyAction>(action: A): A => {
    names.add(action.name);
    return tracked(effects, action);
  };
  const executor = await scenario.open({ storage, track });
  const states = async (): Promise<States> => {
    const found: Record<string, RunStateData> = {};
    for (const { runId } of scenario.runs) {
      const state = await stateOf(executor, bare, runId, names);
      if (state !== undefined) found[runId] = state;
    }
    return found;
  };
  const found = await states();
  for (const run of scenario.runs) await toTheEnd(executor, run, effects);
  const final = await states();
  await executor.close();
  return { of: 'runs', found, final };
};
