import { writeSync } from 'node:fs';
import { openStorage, type AnyAction, type DagExecutor, type Storage } from '@dagger/core';
import { interposed } from '../interposed.ts';
import type { States } from './check.ts';
import type { CrashRun, CrashScenario } from './scenario.ts';
import { note, tracked } from './side-effects.ts';
import { stateOf, type RunStateData } from './state.ts';

/** Before the commit begins, or after it is durable and before anybody knows. */
export type Side = 'before' | 'after';

/** The runs of a scenario in one storage. */
export interface Session {
  readonly storage: string;
  /** The file of side effects. */
  readonly effects: string;
}

/** What a process is to do: first go on with what another left, then run until it dies. */
export interface Job {
  /** The URL of the module of the scenario. */
  readonly scenario: string;
  readonly resume?: Session;
  readonly run?: Session & { readonly die?: { readonly commit: number; readonly side: Side } };
}

/** What a process says of a session that it took to the end. */
export interface SessionResult {
  readonly kind: 'resume' | 'run';
  /** What it found. */
  readonly found: States;
  readonly final: States;
  readonly commits: number;
}

const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  // The signal ends the process before this wait does.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new Error('the process outlived SIGKILL');
};

const toTheEnd = async (executor: DagExecutor, run: CrashRun, effects: string): Promise<void> => {
  const { runId } = run;
  const begin = async (): ReturnType<DagExecutor['start']> => {
    const handle = await executor.start(run.dag, { ...run.options?.(), runId });
    handle.events.subscribe((event) => {
      if (event.type === 'NodeCompleted')
        note(effects, { type: 'completed', runId, nodeId: event.nodeId });
    });
    return handle;
  };
  const { status } = await (run.drive?.(executor, begin) ?? (await begin()).done);
  note(effects, { type: 'reported', runId, status });
};

const session = async (
  scenario: CrashScenario,
  { storage: url, effects }: Session,
  kind: SessionResult['kind'],
  point: { readonly commit: number; readonly side: Side } | undefined,
): Promise<SessionResult> => {
  const bare = await openStorage(url);
  let commits = 0;
  const storage: Storage = interposed(bare, async (work) => {
    const here = ++commits === point?.commit ? point.side : undefined;
    if (here === 'before') die();
    const done = await work();
    if (here === 'after') die();
    return done;
  });
  note(effects, { type: 'session' });
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
  return { kind, found, final, commits };
};

/** The main program of a process of the harness. @internal */
export const crashChild = async (text: string): Promise<void> => {
  const job = JSON.parse(text) as Job;
  const { scenario } = (await import(job.scenario)) as { readonly scenario: CrashScenario };
  const say = (result: SessionResult): void => void writeSync(1, `${JSON.stringify(result)}\n`);
  if (job.resume !== undefined) say(await session(scenario, job.resume, 'resume', undefined));
  if (job.run !== undefined) say(await session(scenario, job.run, 'run', job.run.die));
};

/** The module that a process imports to run `crashChild`. */
export const childModule: string = import.meta.url;
