import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  ActionRegistry,
  DagExecutor,
  type EventHook,
  type GraphDefinition,
  type NodeDefinition,
} from '@dagger/core';
import BetterSqlite3 from 'better-sqlite3';
import { sqlite } from '../../src/index.ts';

/**
 * Golden databases: one for each released schema, named for its last migration and never written again. To add one, run
 * this file with the name of the new file: `node -C @dagger/source write.ts 0003_what.db`.
 */
export const GOLDEN: string = import.meta.dirname;

/** A value of more than one kind of character that does not fit into the journal. */
export const LARGE_TEXT: string = 'What is acknowledged is durable — €. 𝄞 '.repeat(1_000);

/** What the runs of the golden databases need. @param world `broken`: node `c` fails or stalls */
export const goldenRegistry = ({ broken }: { readonly broken: boolean }): ActionRegistry =>
  new ActionRegistry([
    {
      name: 'count',
      execute: ({ inputs }) => ({ value: (Number(inputs['value']) || 0) + 1 }),
    },
    {
      name: 'countLarge',
      execute: ({ inputs }) => ({ value: Number(inputs['value']) + 1, text: LARGE_TEXT }),
    },
    {
      name: 'fail',
      execute: () => {
        if (broken) throw new Error('on purpose');
        return { value: 4 };
      },
    },
    { name: 'cleanup', execute: () => ({ cleaned: true }) },
    {
      name: 'stall',
      execute: async ({ signal }) => {
        if (!broken) return { value: 4 };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return {};
      },
    },
  ]);

const graph = (name: string, c: string, first: string): GraphDefinition => {
  const value = (reference: string): Pick<NodeDefinition, 'inputs'> => ({
    inputs: [{ name: 'value', reference }],
  });
  return {
    name,
    nodes: [
      { id: 'a', action: first, ...value('inputs.start') },
      {
        id: 'b',
        action: 'count',
        dependencies: ['a'],
        ...value('a.value'),
        cacheStrategy: 'always',
      },
      {
        id: 'c',
        action: c,
        dependencies: ['b'],
        failure: 'cleanup',
        ...(c === 'count' ? value('b.value') : {}),
      },
      { id: 'd', action: 'count', dependencies: ['c'] },
    ],
  };
};

const grow: EventHook = {
  handle: (_, event) =>
    event.type === 'NodeCompleted' && event.nodeId === 'a'
      ? [
          { type: 'AddNode', spec: { id: 'grown', action: 'count', deps: ['a'] } },
          { type: 'EmitEvent', event: { hello: 'there' } },
        ]
      : [],
};

const write = async (place: string): Promise<void> => {
  const executor = await DagExecutor.open({
    registry: goldenRegistry({ broken: true }),
    storage: sqlite(place),
    config: { maxAttempts: 3, onFailure: 'pause', retryStrategy: { type: 'immediate' } },
  });
  executor.add(graph('fine', 'count', 'count'));
  executor.add(graph('failing', 'fail', 'count'));
  executor.add(graph('cut-off', 'stall', 'countLarge'));
  const inputs = { start: 1 };
  await executor.run('fine', { runId: 'succeeded', inputs, hooks: [grow] });
  await executor.run('failing', { runId: 'paused', inputs });
  const run = await executor.start('cut-off', { runId: 'cut-off', inputs, hooks: [grow] });
  for await (const event of run.events)
    if (event.type === 'NodeStarted' && event.nodeId === 'c') break;
  await run.send({ type: 'PauseBranch', branchId: 'd', reason: 'look first' });
  process.stdout.write('stalled');
};

/** Writes the file in a process that is killed, and signs the run that it leaves with an owner that is gone. */
const main = async (name: string): Promise<void> => {
  const place = join(GOLDEN, name);
  if (existsSync(place)) throw new Error(`${name} is there: a golden database is never changed`);
  const args = ['-C', '@dagger/source', import.meta.filename, name, 'child'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  const database = new BetterSqlite3(place);
  database
    .prepare(
      "update dagger_runs set owner = 'somewhere#1#1#1', lease_until = created_at where owner is not null",
    )
    .run();
  database.pragma('journal_mode = delete');
  database.exec('vacuum');
  database.close();
  for (const suffix of ['-wal', '-shm']) rmSync(place + suffix, { force: true });
  process.stdout.write(execFileSync('ls', ['-l', place], { encoding: 'utf8' }));
};

const [name, part] = process.argv.slice(2);
if (process.argv[1] === import.meta.filename && name !== undefined)
  await (part === 'child' ? write(join(GOLDEN, name)) : main(name));
