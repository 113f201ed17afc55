import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test, vi } from 'vitest';
import { feed } from '../src/feed.ts';
import { readLog } from '../src/log/read-log.ts';
import { openForTest, processLog } from './process-log.ts';
import { temporaryFolder } from './temporary-folder.ts';

// Processes that start beside other tests take their time.
vi.setConfig({ testTimeout: 90_000 });

const RECORDS = 300;
const storageIn = (folder: string): string => `sqlite:${join(folder, 'channels.db')}`;
const main = join(import.meta.dirname, '../src/main.ts');

/** Runs the program in a folder; ends it with a signal when it prints a line. @returns what it printed, and how it ended */
const run = async (
  folder: string,
  { when, signal }: { readonly when: RegExp; readonly signal: NodeJS.Signals },
): Promise<{ readonly printed: string; readonly ended: unknown }> => {
  const args = ['-C', '@dagger/source', main, '--folder', folder, '--per-second', '1000'];
  const child = spawn(process.execPath, [...args, '--records', String(RECORDS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const lines: string[] = [];
  let isSent = false;
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (!isSent && when.test(line)) isSent = child.kill(signal);
  }
  const [code, killed] = await exited;
  return { printed: lines.join('\n'), ended: killed ?? code };
};

const log = (await readLog()).slice(0, RECORDS);

test('whoever goes on after a process that was killed, or stopped by Ctrl-C, comes to the same report', async () => {
  const folder = await temporaryFolder();
  expect(await run(folder, { when: /^stored +100 /, signal: 'SIGKILL' })).toMatchObject({
    ended: 'SIGKILL',
  });
  const { printed, ended } = await run(folder, { when: /process \d+$/, signal: 'SIGINT' });
  expect(ended).toBe(130);
  expect(printed).toMatch(/goes on here/);
  const straight = await processLog('sqlite::memory:', log);
  // The second time there is nothing left to be done.
  for (let times = 0; times < 2; times++)
    expect(await processLog(storageIn(folder), log)).toEqual(straight);
});

test('a bulletin that nobody decided when its process ended waits for a person again', async () => {
  const storage = storageIn(await temporaryFolder());
  const nobody = await openForTest(storage);
  await feed(nobody, log);
  await nobody.bus.idle();
  const waiting: unknown[] = (await nobody.bus.reviews()).map(({ message }) => message.payload);
  expect(waiting).not.toEqual([]);
  await nobody.bus.close({ drainSeconds: 0 });

  const asked: unknown[] = [];
  await processLog(storage, log, (bulletin) => {
    asked.push(bulletin);
    return null;
  });
  expect(asked).toEqual(expect.arrayContaining(waiting));
  expect(asked).toHaveLength(waiting.length);
});
