import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ActionRegistry, DagExecutor, type EventHook, type RunReport } from '@dagger/core';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';

const LARGE = 'What the disk has not seen is gone. '.repeat(1_000);

const graph = {
  name: 'g',
  nodes: [
    { id: 'a', action: 'ok' },
    { id: 'large', action: 'large', dependencies: ['a'] },
    { id: 'memo', action: 'ok', dependencies: ['large'], cacheStrategy: 'always' as const },
    { id: 'shared', action: 'shared', dependencies: ['memo'] },
    { id: 'beside', action: 'ok', dependencies: ['a'] },
    { id: 'last', action: 'ok', dependencies: ['shared', 'beside'] },
  ],
};

/** Adds a node when `a` has completed. */
const breeder: EventHook = {
  events: ['NodeCompleted'],
  handle: (_, event) =>
    'nodeId' in event && event.nodeId === 'a'
      ? [{ type: 'AddNode', spec: { id: 'grown', action: 'ok', deps: ['a'] } }]
      : [],
};

const open = async (place: string, ran: string[], later = 0): Promise<DagExecutor> => {
  const registry = new ActionRegistry([
    { name: 'ok', execute: ({ nodeId }) => (ran.push(nodeId), { from: nodeId }) },
    { name: 'large', execute: ({ nodeId }) => (ran.push(nodeId), { text: LARGE }) },
    {
      name: 'shared',
      execute: ({ nodeId, cache }) => {
        ran.push(nodeId);
        cache.insertGlobal('notes', 'shared', true);
        return { from: nodeId };
      },
    },
  ]);
  const executor = await DagExecutor.open({
    registry,
    storage: sqlite(place, { durability: 'normal' }),
    // Cut files still name the process that wrote them as the owner; its lease is over for those who come later.
    clock: { now: () => Date.now() + later, after: () => () => {} },
    config: { maxAttempts: 1 },
  });
  executor.add(graph);
  return executor;
};

/** What must not depend on how much of the run the disk had seen. */
const essence = ({ status, nodes }: RunReport): unknown => ({
  status,
  nodes: Object.fromEntries(
    Object.values(nodes).map(({ id, status: end, outputs }) => [id, { end, outputs }]),
  ),
});

const WAL_HEADER = 32;
const FRAME_HEADER = 24;

/** The ends of the frames of a write-ahead log in bytes, and which of them end a commit. */
const framesOf = (wal: Buffer): readonly { readonly end: number; readonly commits: boolean }[] => {
  const size = FRAME_HEADER + wal.readUInt32BE(8);
  return Array.from({ length: Math.floor((wal.length - WAL_HEADER) / size) }, (_, i) => ({
    end: WAL_HEADER + (i + 1) * size,
    commits: wal.readUInt32BE(WAL_HEADER + i * size + 4) !== 0,
  }));
};

interface Whole {
  readonly dir: string;
  readonly report: RunReport;
  /** The rows of the journal. */
  readonly groups: readonly unknown[];
  readonly wal: Buffer;
}

const journalOf = (place: string): readonly unknown[] => {
  const database = new BetterSqlite3(place);
  try {
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    return database.prepare('select seq, body from dagger_journal order by seq').all();
  } finally {
    database.close();
  }
};

/** A run whose commits are all in the write-ahead log, and none in the database file. */
const record = async (dir: string): Promise<Whole> => {
  const place = join(dir, 'whole.db');
  const executor = await open(place, []);
  const other = new BetterSqlite3(place);
  other.pragma('wal_checkpoint(TRUNCATE)');
  const report = await executor.run('g', { runId: 'r', hooks: [breeder] });
  copyFileSync(place, join(dir, 'file'));
  const wal = readFileSync(`${place}-wal`);
  const groups = other.prepare('select seq, body from dagger_journal order by seq').all();
  other.close();
  await executor.close();
  return { dir, report, groups, wal };
};

/** The database as a loss of power leaves it that took everything from byte `at` of the write-ahead log on. */
const cut = ({ dir, wal }: Whole, at: number): string => {
  const place = join(dir, `cut-${at}.db`);
  copyFileSync(join(dir, 'file'), place);
  writeFileSync(`${place}-wal`, wal.subarray(0, at));
  return place;
};

/** What stands beside the journal in a database, by what it belongs to. */
const besides = (place: string): { readonly memos: number; readonly large: number } => {
  const database = new BetterSqlite3(place);
  const count = (table: string): number =>
    Number(database.prepare(`select count(*) from ${table}`).pluck().get());
  const found = { memos: count('dagger_memo'), large: count('dagger_blobs') };
  database.close();
  return found;
};

describe('a loss of power that takes the latest commits of a run', () => {
  let whole: Whole;
  const frames = (): ReturnType<typeof framesOf> => framesOf(whole.wal);
  beforeAll(async () => {
    whole = await record(mkdtempSync(join(tmpdir(), 'dagger-')));
  });
  afterAll(() => rmSync(whole.dir, { recursive: true }));

  it('leaves whole groups of events: the journal is as it was after an earlier commit [P4] [P67]', () => {
    const lengths = new Set<number>();
    for (const { end } of [{ end: WAL_HEADER }, ...frames()]) {
      const kept = journalOf(cut(whole, end));
      expect(kept, `cut at ${end}`).toEqual(whole.groups.slice(0, kept.length));
      lengths.add(kept.length);
    }
    // Every commit of the run was the last one once.
    expect([...lengths]).toEqual(Array.from({ length: whole.groups.length + 1 }, (_, i) => i));
  });

  it('leaves nothing of a frame that was half written [P67]', () => {
    const commits = frames().filter((frame) => frame.commits);
    expect(commits.length).toBeGreaterThan(whole.groups.length);
    for (const { end } of commits)
      expect(journalOf(cut(whole, end - 100)).length, `cut before ${end}`).toBeLessThanOrEqual(
        journalOf(cut(whole, end)).length,
      );
  });

  it('leaves shared values, kept results and large values exactly where their node is completed [P16] [P18] [P73]', async () => {
    for (const { end } of frames()) {
      const place = cut(whole, end);
      const executor = await open(place, [], 60_000);
      const known = (await executor.listRuns()).length > 0;
      const nodes = known ? (await executor.report('r')).nodes : {};
      const completed = (id: string): boolean => nodes[id]?.status === 'succeeded';
      const shared = known
        ? (await executor.loadCache('r')).getGlobal('notes', 'shared')
        : undefined;
      await executor.close();
      expect({ ...besides(place), shared }, `cut at ${end}`).toEqual({
        memos: completed('memo') ? 1 : 0,
        large: completed('large') ? 1 : 0,
        shared: completed('shared') ? true : undefined,
      });
    }
  });

  it('leaves a run that ends with the same report; what the disk has seen completed is not run again [P9] [P10] [P68]', async () => {
    for (const { end, commits } of frames()) {
      if (!commits) continue;
      const ran: string[] = [];
      const executor = await open(cut(whole, end), ran, 60_000);
      const known = (await executor.listRuns()).length > 0;
      const before = known ? (await executor.report('r')).nodes : {};
      const done = Object.values(before).filter(({ status }) => status === 'succeeded');
      const report = await executor.run('g', { runId: 'r', hooks: [breeder] });
      expect(essence(report), `cut at ${end}`).toEqual(essence(whole.report));
      expect(ran.filter((id) => done.some((node) => node.id === id))).toEqual([]);
      const { events } = await executor.dump('r');
      const completions = events.filter(({ type }) => type === 'NodeCompleted');
      expect(completions, `cut at ${end}`).toHaveLength(7);
      await executor.close();
    }
  });
});
