import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock, DagExecutor } from '@dagger/core';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqlite, type Durability } from '../src/index.ts';
import { folder } from './place.ts';
import { openWorker } from './work.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

/** A clock behind the end of every lease that is there now. */
const afterTheLease: Clock = { now: () => Date.now() + 60_000, after: () => () => {} };

/** A file, and a process that has come to the middle of a run on it. */
const setup = async (durability: Durability = 'normal') => {
  const dir = folder();
  const place = join(dir, 'runs.db');
  const log = join(dir, 'log');
  const worker = spawn(process.execPath, ['-C', '@dagger/source', WORKER, place, log, durability], {
    stdio: 'pipe',
  });
  onTestFinished(() => void worker.kill('SIGKILL'));
  const said = { text: '' };
  worker.stderr.on('data', (data) => (said.text += String(data)));
  const holding = once(worker.stdout, 'data');
  await Promise.race([holding, once(worker, 'close').then(() => expect(said.text).toBe(''))]);
  worker.stdout.on('data', (data) => (said.text += String(data)));
  const open = async (clock?: Clock): Promise<DagExecutor> => {
    const executor = await openWorker({
      storage: sqlite(place),
      note: (line) => appendFileSync(log, `${line} of the test\n`),
      ...(clock === undefined ? {} : { clock }),
    });
    onTestFinished(() => executor.close());
    return executor;
  };
  return { place, worker, said, open, log: () => readFileSync(log, 'utf8').trim().split('\n') };
};

const kill = async (worker: ChildProcessWithoutNullStreams): Promise<void> => {
  const closed = once(worker, 'close');
  worker.kill('SIGKILL');
  await closed;
};

const rows = (place: string): unknown => {
  const database = new BetterSqlite3(place);
  const all = ['dagger_runs', 'dagger_journal'].map((table) =>
    database.prepare(`select * from ${table}`).all(),
  );
  database.close();
  return all;
};

const without = (line: string): string => line.replace(/, attempt .*? of/, ' of');

describe('a process that is killed in the middle of a run', () => {
  it.each(['full', 'normal', 'off'] as const)(
    'leaves every commit of its own with durability %s, and its run to others at once [P54] [P66]',
    async (durability) => {
      const { worker, open, log } = await setup(durability);
      const executor = await open();
      expect(await executor.listRuns()).toMatchObject([{ runId: 'r', owned: true }]);
      await kill(worker);
      expect(await executor.listRuns()).toMatchObject([{ runId: 'r', owned: false }]);
      expect((await executor.report('r')).counts).toMatchObject({ succeeded: 1, running: 1 });
      expect((await executor.resume('r')).status).toBe('succeeded');
      expect(log().filter((line) => line.startsWith('before began'))).toHaveLength(1);
    },
  );

  it('leaves an attempt that is made again: with another number, the same key, and not as a failed one [P10] [P11] [P12] [P13] [P87]', async () => {
    const { worker, open, log } = await setup();
    await kill(worker);
    const executor = await open();
    const { status, nodes } = await executor.resume('r');
    expect(status).toBe('succeeded');
    expect(nodes['hold']).toMatchObject({ attempts: 2, error: null });
    const begun = log().filter((line) => line.startsWith('hold began'));
    const keys = begun.map((line) => /attempt (\d), key (.+) of/.exec(line)?.slice(1));
    expect(keys).toEqual([
      ['1', keys[0]?.[1]],
      ['2', keys[0]?.[1]],
    ]);
    const { events } = await executor.dump('r');
    expect(events.filter(({ type }) => type === 'NodeCompleted')).toHaveLength(3);
  });
});

describe('a process that is stopped, and presumed dead after its lease,', () => {
  it('writes nothing and starts nothing when it wakes, while the action that it had begun goes on [P58] [P88]', async () => {
    const { place, worker, said, open, log } = await setup();
    worker.kill('SIGSTOP');
    // On the same host it is known to be there.
    await expect((await open()).resume('r')).rejects.toMatchObject({ code: 'RUN_OWNED' });
    const later = await open(afterTheLease);
    expect((await later.resume('r')).status).toBe('succeeded');
    const before = rows(place);
    const report = (await later.report('r')).toJSON();

    const closed = once(worker, 'close');
    worker.stdin.write('go on\n');
    worker.kill('SIGCONT');
    await closed;
    expect(said.text).toBe('RUN_LOST\n');
    expect(rows(place)).toEqual(before);
    expect((await later.report('r')).toJSON()).toEqual(report);
    expect(log().map(without)).toEqual([
      'before began of the worker',
      'before ended of the worker',
      'hold began of the worker',
      'hold began of the test',
      'hold ended of the test',
      'after began of the test',
      'after ended of the test',
      'hold ended of the worker',
    ]);
  });
});
