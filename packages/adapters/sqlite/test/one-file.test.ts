import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ActionRegistry, DagExecutor } from '@dagger/core';
import { expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';
import { file } from './place.ts';

const PROCESSES = 4;
const NODES = 200;

/**
 * As soon as it is told to: runs a graph under an id of its own, and beside it writes by itself, which nothing tries again.
 * Says how that ended and what stood in its way.
 */
const program = `
  import { ActionRegistry, DagExecutor } from '@dagger/core';
  import { sqlite } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
  const [place, runId] = process.argv.slice(1);
  const registry = new ActionRegistry([{ name: 'ok', execute: () => ({ by: runId }) }]);
  const storage = sqlite(place);
  const executor = await DagExecutor.open({ registry, storage });
  executor.add({
    name: 'g',
    nodes: Array.from({ length: ${NODES} }, (_, i) => ({
      id: 'n' + i, action: 'ok', dependencies: i === 0 ? [] : ['n' + (i - 1)],
    })),
  });
  process.stdout.write('ready\\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const write = async () => {
    for (let i = 0; i < ${NODES}; i++)
      await storage.transaction((trx) =>
        trx.insertInto('dagger_definitions').values({ hash: runId + i, body: '' }).execute());
  };
  const [{ status }] = await Promise.all([executor.run('g', { runId }), write()]);
  process.stdout.write(status);
  await executor.close();
  process.exit(0);
`;

it(`${PROCESSES} processes write one file at the same time, and none of them is told that it is busy [P81]`, async () => {
  const place = file();
  const children = Array.from({ length: PROCESSES }, (_, i) => {
    const args = ['-C', '@dagger/source', '--input-type=module', '-e', program, place, `r${i}`];
    const child = spawn(process.execPath, args, { cwd: new URL('..', import.meta.url) });
    const said = { text: '' };
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => (said.text += String(data)));
    return { child, said, ready: once(child.stdout, 'data'), closed: once(child, 'close') };
  });
  await Promise.all(children.map(({ ready }) => ready));
  for (const { child } of children) child.stdin.end('go');
  await Promise.all(children.map(({ closed }) => closed));
  expect(children.map(({ said }) => said.text)).toEqual(children.map(() => 'ready\nsucceeded'));
  const reader = await DagExecutor.open({ registry: new ActionRegistry(), storage: sqlite(place) });
  for (const { runId, counts } of await reader.listRuns())
    expect({ runId, counts }).toMatchObject({ counts: { succeeded: NODES } });
  expect(await reader.listRuns()).toHaveLength(PROCESSES);
  await reader.close();
});
