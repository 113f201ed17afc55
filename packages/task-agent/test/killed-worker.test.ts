import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStorage } from '@dagger/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TaskManager } from '../src/index.ts';
import { ownSchema, serverIsMissing } from './workers/server.ts';
import { startWorker } from './workers/start-worker.ts';

interface Place {
  readonly name: string;
  /** Why it cannot be used here. */
  readonly skipped?: string | undefined;
  readonly open: (folder: string) => {
    readonly url: string;
    readonly remove?: () => Promise<void>;
  };
}

const noServer = await serverIsMissing();
const places: readonly Place[] = [
  {
    name: 'one SQLite file',
    open: (folder) => ({ url: `sqlite:${join(folder, 'tasks.db')}` }),
  },
  {
    name: `one PostgreSQL database${noServer === undefined ? '' : `: ${noServer}`}`,
    skipped: noServer,
    open: ownSchema,
  },
];

const TASKS = ['a', 'b', 'c', 'd', 'e'] as const;

describe.each(places)('two workers on $name', { timeout: 120_000 }, ({ skipped, open }) => {
  it.skipIf(skipped !== undefined)(
    'the tasks of one that is killed in the middle of them run again on the other, and no other task does',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'dagger-workers-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const { url, remove } = open(folder);
      onTestFinished(() => remove?.());
      const log = join(folder, 'log');
      const storage = await openStorage(url);
      const manager = await TaskManager.open({ storage, remoteAgents: ['touch'] });
      onTestFinished(async () => {
        await manager.close();
        await storage.close();
      });

      const job = await manager.startJob({
        tasks: [
          ...TASKS.map((key) => ({ key, agent: 'touch' })),
          { key: 'last', agent: 'touch', needs: TASKS },
        ],
      });
      const first = startWorker(url, log, 'hold');
      const held = (await first.says(3)).filter((line) => line !== 'ready').toSorted();
      const second = startWorker(url, log, 'work');
      // That it is ready, and all that the first one does not hold.
      await second.says(1 + TASKS.length - held.length);
      await first.kill();

      const { success, counts } = await job.done;
      expect({ success, counts }).toEqual({
        success: true,
        counts: { total: 6, unfinished: 0, failed: 0 },
      });
      const ids = [...TASKS, 'last'].map((key) => `${job.id}/${key}`);
      expect(held).toHaveLength(2);
      const line = (what: string, how: string) => (id: string) => `${what} ${id} ${how}`;
      expect(readFileSync(log, 'utf8').trim().split('\n').toSorted()).toEqual(
        [
          ...held.map(line('begin', 'hold')),
          ...ids.map(line('begin', 'work')),
          ...ids.map(line('end', 'work')),
        ].toSorted(),
      );
      for (const task of await job.tasks()) {
        const crashes = held.includes(task.id) ? 1 : 0;
        expect(task).toMatchObject({ state: 'completed', crashes, failures: 0, runs: crashes + 1 });
      }
      expect(await second.end()).toBe(0);
    },
  );
});
