import type { ActionRegistry } from '../../src/actions/registry.ts';
import { DagExecutor } from '../../src/executor/executor.ts';
import type { RunHandle } from '../../src/executor/handle.ts';
import { defineGraph } from '../../src/graph/graph.ts';
import type { DagConfigInput } from '../../src/config/model.ts';
import type { NodeDefinition } from '../../src/graph/model.ts';
import type { EventHook } from '../../src/hooks/hook.ts';
import type { RunEvent } from '../../src/run/events.ts';
import type { RunReport } from '../../src/run/report.ts';
import { decodeEvents } from '../../src/storage/codec.ts';
import type { CoreTables } from '../../src/storage/tables.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import { cleanStorage } from './clean-storage.ts';

const RUN = 'the-run';

/** What a run needs apart from its storage. */
export interface Setting {
  readonly nodes: readonly NodeDefinition[];
  readonly config: DagConfigInput;
  /** Hooks keep what they know themselves, so every session gets new ones. */
  readonly hooks: () => readonly EventHook[];
  /** Makes the actions; `log` takes what they do. */
  readonly actions: (log: string[]) => ActionRegistry;
  /** The run is cancelled when this many nodes have started. */
  readonly cancelAfter?: number;
}

const TABLES = [
  'dagger_definitions',
  'dagger_runs',
  'dagger_journal',
  'dagger_memo',
  'dagger_blobs',
  'dagger_blob_parts',
  'dagger_blob_refs',
] as const;

type Rows = { readonly [T in (typeof TABLES)[number]]: readonly CoreTables[T][] };

/** What is left of a run after a session: its report, what its actions did, and everything that its storage holds. */
export interface Recording {
  readonly report: RunReport;
  /** The report as read back from the journal. */
  readonly readBack: RunReport;
  readonly log: readonly string[];
  readonly rows: Rows;
  readonly groups: readonly (readonly RunEvent[])[];
}

const read = async ({ db }: Storage): Promise<Rows> => {
  const rows = await Promise.all(
    TABLES.map(async (table) => [table, await db.selectFrom(table).selectAll().execute()] as const),
  );
  return Object.fromEntries(rows) as unknown as Rows;
};

const cancelAfter = (handle: RunHandle, starts: number): void => {
  let seen = 0;
  handle.events.subscribe(({ type }) => {
    if (type === 'NodeStarted' && ++seen === starts) handle.cancel();
  });
};

const session = async (setting: Setting, before: Rows | undefined): Promise<Recording> => {
  const storage = await cleanStorage();
  const log: string[] = [];
  const executor = await DagExecutor.open({
    registry: setting.actions(log),
    storage,
    clock: new SimulatedClock(),
    config: setting.config,
  });
  for (const table of TABLES) {
    const rows = before?.[table] ?? [];
    if (rows.length > 0)
      await storage.db
        .insertInto(table)
        .values([...rows])
        .execute();
  }
  const options = { hooks: setting.hooks() };
  const handle =
    before === undefined
      ? await executor.start(defineGraph({ name: 'g', nodes: setting.nodes }), {
          runId: RUN,
          ...options,
        })
      : await executor.startResume(RUN, options);
  if (before === undefined && setting.cancelAfter !== undefined)
    cancelAfter(handle, setting.cancelAfter);
  const report = await handle.done;
  const readBack = await executor.report(RUN);
  const rows = await read(storage);
  await executor.close();
  const groups = [...rows.dagger_journal]
    .sort((a, b) => a.seq - b.seq)
    .map(({ body }) => decodeEvents(body));
  return { report, readBack, log, rows, groups };
};

export const record = (setting: Setting): Promise<Recording> => session(setting, undefined);

/** The run as if the process had died when `kept` groups were committed, and then resumed. */
export const crashAndResume = (
  setting: Setting,
  whole: Recording,
  kept: number,
): Promise<Recording> => {
  const { rows, groups } = whole;
  const completed = new Set(completions(setting, groups.slice(0, kept)));
  const journal = [...rows.dagger_journal].sort((a, b) => a.seq - b.seq);
  return session(setting, {
    ...rows,
    dagger_runs: rows.dagger_runs.map((row) => ({
      ...row,
      status: 'running',
      finished_at: null,
      error: null,
      counts: null,
      owner: 'another-host#1#dead',
      lease_until: 0,
    })),
    dagger_journal: journal.slice(0, kept),
    dagger_memo: rows.dagger_memo.filter(({ outputs }) =>
      completed.has((JSON.parse(outputs) as { readonly by: string }).by),
    ),
  });
};

/** The ids of the nodes that a part of a journal completes. */
export const completions = (
  { nodes }: Setting,
  groups: readonly (readonly RunEvent[])[],
): readonly string[] => {
  const ids = nodes.map(({ id }) => id);
  const done: string[] = [];
  for (const event of groups.flat()) {
    if (event.type === 'NodesAdded') ids.push(...event.nodes.map(({ id }) => id));
    if (event.type === 'NodeCompleted') done.push(ids[event.n] as string);
  }
  return done;
};
