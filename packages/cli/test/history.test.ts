import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pruned, RunDump, RunReportData, StoredRun } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { dagger, folder, shared, type Ended } from './command.ts';
import { STORAGES, type Storage } from './storages.ts';

/** `left` and `right` add to what `start` gives; `end` adds both. */
const FLOW = `
name: sums
nodes:
  - { id: start, action: add, inputs: [{ name: a, reference: inputs.x }, { name: b, value: 1 }] }
  - id: left
    action: add
    dependencies: [start]
    inputs: [{ name: a, reference: start.sum }, { name: b, value: 10 }]
  - id: right
    action: add
    dependencies: [start]
    inputs: [{ name: a, reference: start.sum }, { name: b, value: 100 }]
  - id: end
    action: add
    dependencies: [left, right]
    inputs: [{ name: a, reference: left.sum }, { name: b, reference: right.sum }]
`;

const ACTIONS = `
import { appendFileSync } from 'node:fs';
export const add = {
  name: 'add',
  execute({ nodeId, inputs: { a, b } }) {
    appendFileSync('log', nodeId + '\\n');
    return { sum: a + b };
  },
};
`;

const WORK = ['--actions', 'actions.mjs'] as const;

interface Place {
  readonly cwd: string;
  readonly dagger: (...args: readonly string[]) => Promise<Ended>;
  /** The same, in a process that others share. */
  readonly shared: (...args: readonly string[]) => Promise<Ended>;
  /** The nodes that ran since it was last asked. */
  readonly ran: () => readonly string[];
}

/** A folder with a run `r` that has succeeded. */
const setup = async ({ place }: Storage): Promise<Place> => {
  const cwd = folder({ 'flow.yaml': FLOW, 'actions.mjs': ACTIONS });
  const env = { DAGGER_STORAGE: place(cwd) };
  const log = join(cwd, 'log');
  const own: Place = {
    cwd,
    dagger: (...args) => dagger(cwd, args, env),
    shared: (...args) => shared(cwd, args, env),
    ran() {
      const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
      writeFileSync(log, '');
      return lines.toSorted();
    },
  };
  const done = await own.dagger('run', 'flow.yaml', ...WORK, '--input', 'x=1', '--run-id', 'r');
  expect(done).toMatchObject({ code: 0 });
  expect(own.ran()).toEqual(['end', 'left', 'right', 'start']);
  return own;
};

const sumOf = (stdout: string, node: string): unknown =>
  (JSON.parse(stdout) as RunReportData).nodes[node]?.outputs?.['sum'];

describe.each(STORAGES)('the history of runs on $name', (on) => {
  it.skipIf(on.missing)('a node runs again with what follows from it, as a new run', async () => {
    const { dagger, ran } = await setup(on);
    const again = await dagger('rerun', 'r', 'left', ...WORK, '--run-id', 's');
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('run s');
    expect(ran()).toEqual(['end', 'left']);
    const shown = await dagger('runs', 'show', 's');
    expect(shown.stdout).toContain('fork of r, anew from left');
    const listed = await dagger('runs', 'list');
    expect(listed.stdout).toMatch(/^RUN .* FORK OF +ERROR$/m);
    expect(listed.stdout).toMatch(/^s +sums +succeeded .* 4\/4 +r$/m);
    const runs = JSON.parse((await dagger('runs', 'list', '--json')).stdout) as StoredRun[];
    expect(Object.fromEntries(runs.map(({ runId, parent }) => [runId, parent]))).toEqual({
      r: null,
      s: { runId: 'r', nodes: 'left' },
    });
  });

  it.skipIf(on.missing)('a fork has other inputs, and the old run stays as it is', async () => {
    const { dagger, ran } = await setup(on);
    const args = ['--from', 'left', '--from', 'right', '--node-input', 'b=5', '--json'];
    const forked = await dagger('fork', 'r', ...args, ...WORK);
    expect(forked).toMatchObject({ code: 0 });
    expect(ran()).toEqual(['end', 'left', 'right']);
    expect(sumOf(forked.stdout, 'end')).toBe(14);
    const whole = await dagger('fork', 'r', '--from', 'start', '--input', 'x=2', ...WORK, '--json');
    expect(sumOf(whole.stdout, 'end')).toBe(116);
    const { stdout } = await dagger('runs', 'show', 'r', '--json');
    expect(sumOf(stdout, 'end')).toBe(114);
    expect(JSON.parse(stdout)).toMatchObject({ parent: null });
  });

  it.skipIf(on.missing)('a node is explained, for people and for machines', async () => {
    const { dagger } = await setup(on);
    const { code, stdout } = await dagger('explain', 'r', 'left');
    expect(code).toBe(0);
    expect(stdout).toContain("'left' ran: all that it depends on succeeded: 'start'");
    const json = await dagger('explain', 'r', 'left', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ runId: 'r', nodeId: 'left' });
    const wrong = await dagger('explain', 'r', 'lift');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain("run 'r' has no node 'lift'");
  });

  it.skipIf(on.missing)('a dump has every event, on stdout or in a file', async () => {
    const { cwd, dagger } = await setup(on);
    const { code, stdout } = await dagger('dump', 'r');
    expect(code).toBe(0);
    const dump = JSON.parse(stdout) as RunDump;
    expect(dump.run).toMatchObject({ id: 'r', dag: 'sums', status: 'succeeded' });
    expect(dump.events.map(({ seq }) => seq)).toEqual(dump.events.map((_, i) => i + 1));
    expect(dump.events.filter(({ type }) => type === 'NodeCompleted')).toHaveLength(4);
    expect(dump.inbox).toEqual([]);
    expect(await dagger('dump', 'r', '--out', 'r.json')).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(join(cwd, 'r.json'), 'utf8')).toBe(stdout);
  });

  it.skipIf(on.missing)('old runs are deleted, and those that are kept stay', async () => {
    const { dagger } = await setup(on);
    await dagger('rerun', 'r', 'end', ...WORK, '--run-id', 's');
    const young = await dagger('prune', '--max-age-days', '1', '--json');
    expect(JSON.parse(young.stdout)).toMatchObject({ runs: 0 } satisfies Partial<Pruned>);
    const failed = await dagger('prune', '--max-runs', '0', '--status', 'failed');
    expect(failed.stdout).toContain('deleted 0 runs, 0 results for later runs');
    const one = await dagger('prune', '--max-runs', '1', '--status', 'succeeded');
    expect(one).toMatchObject({ code: 0 });
    expect(one.stdout).toContain('deleted 1 run,');
    const runs = JSON.parse((await dagger('runs', 'list', '--json')).stdout) as StoredRun[];
    expect(runs.map(({ runId }) => runId)).toEqual(['s']);
    // Its child does not need it.
    expect((await dagger('runs', 'show', 's')).stdout).toContain('fork of r, anew from end');
    expect(await dagger('rerun', 's', 'start', ...WORK)).toMatchObject({ code: 0 });
  });

  it.skipIf(on.missing)('what is not there is told with 2 and one line', async () => {
    const { dagger, shared, ran } = await setup(on);
    for (const [args, message] of [
      [['rerun', 'r', 'lift', ...WORK], "run 'r' has no node 'lift'"],
      [['rerun', 'nobody', 'left', ...WORK], "there is no run 'nobody'"],
      [['rerun', 'r', 'left', ...WORK, '--run-id', 'r'], "there is a run 'r' already"],
      [['rerun', 'r', 'left'], "the action 'add' is not registered"],
      [['fork', 'r', '--from', 'left', '--node-input', 'b', ...WORK], "'b' has no '='"],
      [['dump', 'nobody'], "there is no run 'nobody'"],
      [['set', 'nobody', 'a', 'b', '1'], "there is no run 'nobody'"],
      [['set', 'r', 'a', 'b', '1'], "run 'r' has ended (succeeded)"],
    ] as const) {
      const ended = await shared(...args);
      expect(ended.stderr).toContain(message);
      expect(ended.stderr).not.toMatch(/^ +at /m);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
    }
    expect(ran()).toEqual([]);
    // Nor is anything left behind.
    const runs = JSON.parse((await dagger('runs', 'list', '--json')).stdout) as StoredRun[];
    expect(runs.map(({ runId }) => runId)).toEqual(['r']);
  });
});
