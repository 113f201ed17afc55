import { expect } from 'vitest';
import { ActionRegistry } from '../../src/actions/registry.ts';
import { DaggerError } from '../../src/errors.ts';
import { DagExecutor } from '../../src/executor/executor.ts';
import type { RunReport } from '../../src/run/report.ts';
import { decodeEvents } from '../../src/storage/codec.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import { cleanStorage } from './clean-storage.ts';
import { definitionOf, type HumanSetting, type Step } from './human-setting.ts';

const RUN = 'r';
/** More than the milliseconds between two looks into the inbox. */
const ONE_LOOK = 600;

type Decision = (Step & { readonly type: 'input' })['decision'];

/** An input that a run accepted. */
interface Given {
  /** Its data; no other input has the same. */
  readonly mark: number;
  readonly decision: Decision;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A run that people answer, in a process that comes and goes, with another process beside it. */
export interface HumanRun {
  readonly clock: SimulatedClock;
  /** What the working nodes did. */
  readonly log: readonly string[];
  /** Whether a process works on the run. */
  readonly present: boolean;
  /** Commits of the run. */
  readonly groups: number;
  report(): Promise<RunReport>;
  /** Inputs for a node that were accepted, in the order in which they arrived. */
  given(node: string): readonly Given[];
  timesAsked(node: string): number;
  askedAt(node: string): number | undefined;
  give(node: string, decision: Decision, inside: boolean): Promise<void>;
  leave(): Promise<void>;
  comeBack(): Promise<void>;
  /** The report of the run itself, and the one read from its journal, are the same. */
  mustReadTheSame(): Promise<void>;
  /** Approves whatever is asked until nothing is. */
  finish(): Promise<void>;
  /** The run as it is when its process died after so many commits. */
  crashedAfter(groups: number): Promise<HumanRun>;
  close(): Promise<void>;
}

/** Storage that outlives the executors on it. */
const shared = (storage: Storage): Storage =>
  new Proxy(storage, {
    get: (target, key) =>
      key === 'close' ? () => Promise.resolve() : (Reflect.get(target, key) as unknown),
  });

const copyOf = async (from: Storage, to: Storage, groups: number): Promise<void> => {
  const definitions = await from.db.selectFrom('dagger_definitions').selectAll().execute();
  const runs = await from.db.selectFrom('dagger_runs').selectAll().execute();
  const journal = await from.db
    .selectFrom('dagger_journal')
    .selectAll()
    .orderBy('seq')
    .limit(groups)
    .execute();
  const cut = { status: 'running', finished_at: null, error: null, counts: null };
  const dead = { owner: 'another-host#1#dead', lease_until: 0 };
  await to.db.insertInto('dagger_definitions').values(definitions).execute();
  await to.db
    .insertInto('dagger_runs')
    .values(runs.map((row) => ({ ...row, ...cut, ...dead })))
    .execute();
  await to.db.insertInto('dagger_journal').values(journal).execute();
};

const open = async (
  setting: HumanSetting,
  before?: { readonly storage: Storage; readonly groups: number; readonly now: number },
): Promise<HumanRun> => {
  const storage = await cleanStorage();
  const clock = new SimulatedClock(before?.now);
  const log: string[] = [];
  const marks = new Map<string, Given[]>();
  let mark = 0;
  const newExecutor = async (): Promise<DagExecutor> => {
    const registry = new ActionRegistry();
    registry.registerFn('work', ({ nodeId }) => void log.push(nodeId));
    const executor = await DagExecutor.open({ registry, storage: shared(storage), clock });
    executor.add({
      name: 'g',
      config: { onFailure: 'continue' },
      nodes: setting.nodes.map(definitionOf),
    });
    return executor;
  };
  const clerk = await newExecutor();
  if (before !== undefined) await copyOf(before.storage, storage, before.groups);
  let owner: DagExecutor | undefined;
  let asked = new Map<string, number[]>();
  let groups = 0;

  const readJournal = async (): Promise<void> => {
    const rows = await storage.db
      .selectFrom('dagger_journal')
      .select('body')
      .orderBy('seq')
      .execute();
    groups = rows.length;
    asked = new Map();
    for (const event of rows.flatMap(({ body }) => decodeEvents(body)))
      if (event.type === 'NodeWaiting') {
        const id = setting.nodes[event.n]?.id as string;
        asked.set(id, [...(asked.get(id) ?? []), event.at]);
      }
  };

  const work = async (
    begin: (executor: DagExecutor) => Promise<{ readonly done: Promise<RunReport> }>,
  ) => {
    const executor = await newExecutor();
    const { done } = await begin(executor);
    owner = executor;
    done.then(
      () => {
        if (owner === executor) owner = undefined;
      },
      () => {},
    );
    await clock.settle(20);
  };

  const report = async (): Promise<RunReport> => {
    await readJournal();
    return clerk.report(RUN);
  };

  const run: HumanRun = {
    clock,
    log,
    get present() {
      return owner !== undefined;
    },
    get groups() {
      return groups;
    },
    report,
    given: (node) => marks.get(node) ?? [],
    timesAsked: (node) => asked.get(node)?.length ?? 0,
    askedAt: (node) => asked.get(node)?.[0],

    async give(nodeId, decision, inside) {
      const by = inside ? (owner ?? clerk) : clerk;
      const command = { type: 'GiveInput', nodeId, decision, data: ++mark } as const;
      try {
        const sent = { mark, decision, at: clock.now() };
        const delivery = await by.send(RUN, command);
        if (delivery === 'sent') await clock.advance(ONE_LOOK);
        marks.set(nodeId, [...(marks.get(nodeId) ?? []), sent]);
      } catch (error) {
        // Too late: the node or the run has ended.
        if (!(error instanceof DaggerError) || error.code !== 'COMMAND_REJECTED') throw error;
      }
    },

    async leave() {
      const executor = owner;
      owner = undefined;
      await executor?.close();
    },

    async comeBack() {
      const { status } = await report();
      if (owner !== undefined || (status !== 'running' && status !== 'paused')) return;
      await work((executor) => executor.startResume(RUN));
    },

    async mustReadTheSame() {
      if (owner === undefined) return;
      const [own, read] = await Promise.all([owner.report(RUN), clerk.report(RUN)]);
      expect(JSON.stringify(read)).toBe(JSON.stringify(own));
    },

    async finish() {
      for (let round = 0; round <= 2 * setting.nodes.length + 2; round++) {
        await run.comeBack();
        const { status, waiting } = await report();
        if (status !== 'running' && status !== 'paused') return;
        expect(waiting, `a ${status} run has somebody who waits`).not.toEqual([]);
        for (const { nodeId } of waiting) await run.give(nodeId, 'approve', true);
        await clock.settle(20);
      }
      throw new Error('somebody waits for ever');
    },

    async crashedAfter(kept) {
      return open(setting, { storage, groups: kept, now: clock.now() });
    },

    async close() {
      await run.leave();
      await clerk.close();
      await storage.close();
    },
  };
  if (before === undefined) await work((executor) => executor.start('g', { runId: RUN }));
  await readJournal();
  return run;
};

export const humanRun = (setting: HumanSetting): Promise<HumanRun> => open(setting);
