import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { file } from './place.ts';

/** Makes an output of 50 MB in one process, or reads it in another, and prints what came of it. */
const program = `
  const [place, part] = process.argv.slice(1);
  const { createHash } = await import('node:crypto');
  const { ActionRegistry, DagExecutor } = await import('@dagger/core');
  const { sqlite } = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)});
  const line = 'What is acknowledged is durable, and 0123456789 — €. '.repeat(18);
  const make = {
    text: () => ({ text: Buffer.alloc(50_000_000, 'the same again; ').toString('latin1') }),
    list: () => ({ lines: Array.from({ length: 50_000 }, (_, i) => i + line) }),
  };
  const registry = new ActionRegistry([
    { name: 'make', execute: ({ inputs }) => make[inputs.kind]() },
    {
      name: 'hash',
      execute: ({ inputs }) => {
        if (part === 'make') throw new Error('not now');
        const hash = createHash('sha256');
        for (const line of [inputs.value].flat()) hash.update(line);
        return { hash: hash.digest('hex') };
      },
    },
  ]);
  const executor = await DagExecutor.open({ registry, storage: sqlite(place), config: { maxAttempts: 1 } });
  for (const [kind, output] of [['text', 'text'], ['list', 'lines']]) {
    executor.add({
      name: kind,
      nodes: [
        { id: 'm', action: 'make', inputs: [{ name: 'kind', value: kind }] },
        { id: 'h', action: 'hash', dependencies: ['m'], inputs: [{ name: 'value', reference: 'm.' + output }] },
      ],
    });
  }
  const told = {};
  for (const kind of ['text', 'list']) {
    if (part === 'make') told[kind] = (await executor.run(kind, { runId: kind })).status;
    else {
      const { status, nodes } = await executor.resume(kind);
      const hash = createHash('sha256');
      for (const line of Object.values(make[kind]()).flat()) hash.update(line);
      told[kind] = status + ' ' + (nodes.h.outputs.hash === hash.digest('hex'));
    }
  }
  await executor.close();
  const { default: BetterSqlite3 } = await import('better-sqlite3');
  const database = new BetterSqlite3(place);
  told.longestRow = database.prepare('select max(length(body)) as most from dagger_journal').get().most;
  told.blobs = database.prepare('select count(*) as count from dagger_blobs where bytes > 47000000').get().count;
  told.part = database.prepare('select max(length(body)) as most from dagger_blob_parts').get().most;
  database.close();
  told.megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify(told));
`;

const child = (
  place: string,
  part: string,
): { readonly stderr: string; readonly told: Readonly<Record<string, unknown>> } => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--max-old-space-size=400',
      '-C',
      '@dagger/source',
      '--input-type=module',
      '-e',
      program,
      place,
      part,
    ],
    { cwd: import.meta.dirname, encoding: 'utf8' },
  );
  return { stderr, told: JSON.parse(stdout || '{}') as Record<string, unknown> };
};

describe('an output of 50 MB', () => {
  it('passes through a file in parts, beside the journal, in a process that has no room for many copies', () => {
    const place = file();
    const made = child(place, 'make');
    expect(made.stderr).toBe('');
    expect(made.told).toMatchObject({ text: 'paused', list: 'paused', blobs: 2 });
    const read = child(place, 'read');
    expect(read.stderr).toBe('');
    expect(read.told).toMatchObject({ text: 'succeeded true', list: 'succeeded true' });
    for (const { told } of [made, read]) {
      expect(told['longestRow']).toBeLessThan(10_000);
      expect(told['part']).toBeLessThanOrEqual(4 * 1024 * 1024);
      expect(told['megabytes']).toBeLessThan(900);
    }
  }, 120_000);
});
