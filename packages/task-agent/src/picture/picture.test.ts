import { Graphviz } from '@hpcc-js/wasm-graphviz';
import type { JsonValue } from '@dagger/core';
import { sqlite } from '@dagger/sqlite';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { defineTaskAgent } from '../agent/agent.ts';
import type { StoredReason } from '../lifecycle/reason.ts';
import { JOB_STATUSES, TASK_STATES } from '../lifecycle/states.ts';
import { TaskManager } from '../manager/task-manager.ts';
import type { JobView, TaskView } from '../manager/views.ts';
import { jobToDot } from './dot.ts';
import type { JobPicture } from './job-picture.ts';
import { taskLabel } from './label.ts';
import { jobToMermaid } from './mermaid.ts';

const JOB: JobView = {
  id: 'j1',
  title: 'Weekly report',
  status: 'running',
  open: false,
  waiting: false,
  progress: 0.5,
  counts: { total: 2, unfinished: 1, failed: 0 },
  tokens: 0,
  stalls: 0,
  error: null,
  createdAt: '2025-01-01T00:00:00.000Z',
  progressedAt: '2025-01-01T00:00:01.000Z',
  finishedAt: null,
};

const TASK: TaskView = {
  id: 'j1/a',
  key: 'a',
  jobId: 'j1',
  parentId: null,
  agent: 'load',
  type: 'task',
  state: 'pending',
  title: null,
  input: {},
  output: null,
  error: null,
  reason: null,
  priority: 0,
  effectivePriority: 0,
  waitsFor: 0,
  failures: 0,
  crashes: 0,
  rejections: 0,
  runs: 0,
  worker: null,
  acceptanceCriteria: [],
  review: null,
  progress: null,
  createdAt: '2025-01-01T00:00:00.000Z',
  startedAt: null,
  finishedAt: null,
  runAt: null,
};

const ERROR = { code: 'NO_DISK', name: 'Error', message: 'the disk is full', retryable: true };

/** A task that ran twice, and one below it that waits for it. */
const setup = (): JobPicture => ({
  job: JOB,
  tasks: [
    {
      ...TASK,
      type: 'objective',
      state: 'completed',
      title: 'Fetch it',
      output: { rows: 3 },
      error: ERROR,
      runs: 2,
      failures: 1,
      crashes: 2,
      startedAt: '2025-01-01T00:00:00.000Z',
      finishedAt: '2025-01-01T00:00:01.500Z',
    },
    {
      ...TASK,
      id: 'j1/a/b',
      key: 'b',
      parentId: 'j1/a',
      agent: 'keep',
      type: 'subtask',
      state: 'blocked',
      reason: { kind: 'agent', message: 'no key for the safe' },
    },
  ],
  edges: [{ needs: 'j1/a', taskId: 'j1/a/b', onFailure: 'continue' }],
});

const NASTY = [
  '"]:::x',
  '-->',
  '%%{init: {}}%%',
  '<b>&lt;</b>',
  '`x`',
  '\\',
  '\\N\\',
  '{a|b}',
  '\u0000\u001b[31m',
  '\u202egnp.exe',
  '\ud800',
  '\uffff',
  'a\nb\r\nc\u2028d',
  '];\n}',
  '$$x$$',
  '🙂'.repeat(200),
  '1. list',
  '__proto__',
  ' ',
  'x'.repeat(5_000),
];

const text = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom(...NASTY)), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.join(''));

const error = fc.record({ code: text, name: text, message: text, retryable: fc.boolean() });

const reason: fc.Arbitrary<StoredReason> = fc.oneof(
  text.map((message) => ({ kind: 'agent' as const, message })),
  text.map((worker) => ({ kind: 'crash' as const, worker })),
  text.map((message) => ({ kind: 'paused' as const, was: 'pending' as const, message })),
  text.map((taskId) => ({ kind: 'dependency' as const, taskId, state: taskId, origin: taskId })),
  text.map((reviewer) => ({ kind: 'review' as const, reviewer })),
);

const anyTask: fc.Arbitrary<TaskView> = fc
  .record({
    id: text,
    state: fc.constantFrom(...TASK_STATES),
    agent: text,
    title: fc.option(text),
    reason: fc.option(reason),
    output: fc.option(fc.jsonValue() as fc.Arbitrary<JsonValue>),
    error: fc.option(error),
    progress: fc.option(fc.record({ fraction: fc.double({ min: 0, max: 1 }), message: text })),
    runs: fc.nat(3),
    waitsFor: fc.nat(2),
  })
  .map((task) => ({ ...TASK, ...task, key: task.id }));

/** Two jobs; in each, the second task is a part of the first, and the first waits for it. */
const anyPictures: fc.Arbitrary<readonly JobPicture[]> = fc
  .record({
    tasks: fc.uniqueArray(anyTask, { selector: ({ id }) => id, minLength: 4, maxLength: 6 }),
    title: fc.option(text),
    id: text,
    jobError: fc.option(error),
    status: fc.constantFrom(...JOB_STATUSES),
  })
  .map(({ tasks, jobError, ...job }) =>
    [tasks.slice(0, 2), tasks.slice(2)].map((some): JobPicture => {
      const [first, second, ...rest] = some as [TaskView, TaskView, ...TaskView[]];
      return {
        job: { ...JOB, ...job, error: jobError },
        tasks: [first, { ...second, parentId: first.id }, ...rest],
        edges: [
          { needs: second.id, taskId: first.id, onFailure: 'skip' },
          { needs: 'not here', taskId: first.id, onFailure: 'fail' },
        ],
      };
    }),
  );

describe('the label of a task', () => {
  it('says key, title, agent, state with its time, runs, failures and crashes, and the output', () => {
    expect(taskLabel(setup().tasks[0] as TaskView)).toEqual([
      'a',
      'Fetch it',
      'objective, agent load',
      'completed in 1.5 s, 2 runs, 1 failure, 2 crashes',
      'out {"rows":3}',
    ]);
  });

  it.each([
    [{ state: 'blocked', reason: { kind: 'agent', message: 'no key' } }, 'go on: no key'],
    [{ state: 'blocked', reason: { kind: 'crash', worker: 'w' } }, 'its worker (w) died'],
    [{ state: 'blocked', waitsFor: 2 }, 'waits for 2 tasks'],
    [{ state: 'pending', waitsFor: 1 }, 'waits for 1 task'],
    [{ state: 'pending', runAt: '2030-01-01T00:00:00.000Z' }, 'not before 2030-'],
    [{ state: 'paused', reason: { kind: 'paused', was: 'pending', message: 'later' } }, 'held: la'],
    [{ state: 'in_review', reason: { kind: 'review', reviewer: null } }, 'a person is to accept'],
    [{ state: 'in_progress', progress: { fraction: 0.25, message: 'page 3' } }, '25 %: page 3'],
    [
      {
        state: 'skipped',
        reason: { kind: 'dependency', taskId: 'x', state: 'failed', origin: 'x' },
      },
      "'x',",
    ],
    [{ state: 'failed', error: ERROR }, 'error NO_DISK: the disk is full'],
  ] satisfies [Partial<TaskView>, string][])('says what holds it up: %j', (over, words) => {
    expect(taskLabel({ ...TASK, ...over }).join('\n')).toContain(words);
  });
});

describe('jobToDot', () => {
  let graphviz: Graphviz;
  beforeAll(async () => {
    graphviz = await Graphviz.load();
  });

  it('names the job and colours its tasks by state', () => {
    const dot = jobToDot(setup());
    expect(dot).toContain(String.raw`label="Weekly report\njob j1\nrunning, 1 of 2 tasks\n"`);
    const [a, b] = dot.match(/fillcolor="[^"]+"/g) ?? [];
    expect(a).not.toBe(b);
    expect(dot).not.toContain('cluster');
  });

  it('dashes what goes on after a failure, and dots what is a part of a task', () => {
    expect(jobToDot(setup())).toContain('  n0 -> n1 [style=dashed];\n  n0 -> n1 [style=dotted,');
  });

  it('does not let children pull down the parent that waits for them', () => {
    const picture = setup();
    const edges = [{ needs: 'j1/a/b', taskId: 'j1/a', onFailure: 'fail' }] as const;
    expect(jobToDot({ ...picture, edges })).toContain(
      '  n1 -> n0;\n  n0 -> n1 [style=dotted, arrowhead=none, constraint=false];',
    );
  });

  it('gives Graphviz what it can read, a box per job and a shape per task, whatever they hold', () => {
    fc.assert(
      fc.property(anyPictures, (pictures) => {
        const dot = jobToDot(pictures);
        const tasks = pictures.flatMap((picture) => picture.tasks);
        const read = JSON.parse(graphviz.dot(dot, 'json')) as {
          readonly objects: readonly { readonly name: string }[];
          readonly edges: readonly unknown[];
        };
        const names = read.objects.map(({ name }) => name);
        expect(names.filter((name) => name.startsWith('cluster_'))).toEqual([
          'cluster_0',
          'cluster_1',
        ]);
        expect(names.filter((name) => name.startsWith('n'))).toHaveLength(tasks.length);
        expect(read.edges).toHaveLength(4);
        // A line per task and per edge: nothing in a label begins another statement.
        expect(dot.trimEnd().split('\n')).toHaveLength(5 + 2 * 3 + tasks.length + 4);
        expect(Math.max(...dot.split('\n').map((line) => line.length))).toBeLessThan(8_000);
        // oxlint-disable-next-line no-control-regex -- these are what XML forbids
        expect(graphviz.dot(dot, 'svg')).not.toMatch(/[\u0000-\u0008\u000b\u000e-\u001f\ufffe]/);
      }),
      { numRuns: 100 },
    );
  });
});

describe('jobToMermaid', () => {
  it('says the same as DOT, in quoted labels with classes', () => {
    const mermaid = jobToMermaid(setup());
    expect(mermaid).toContain(
      'n1["b<br/>agent keep<br/>blocked<br/>its agent cannot go on: no key for the safe"]:::blocked',
    );
    expect(mermaid).toContain('  n0 -.-> n1\n  n0 -.-o n1\n');
    expect(mermaid).toContain('classDef completed fill:');
    expect(mermaid).not.toContain('classDef failed');
  });

  it('keeps its structure, one shape per line, whatever jobs hold', () => {
    // In a label: no quote, bracket, brace, backtick or percent; `#` and `<` only as entities and line breaks.
    const label = String.raw`"(?:[^"#<>\[\]{}|${'`'}*~\\;%$@&\n]|#\d+;|<br/>)*"`;
    const shapes = new RegExp(
      `^flowchart TB\\n(?:  subgraph job\\d\\[${label}\\]\\n(?:    n\\d+\\[${label}\\]:::[a-z_]+\\n)+  end\\n){2}(?:  n\\d+ (?:-->\\|skip\\||-\\.-o) n\\d+\\n){4}(?:  classDef [a-z_]+ [^\\n]+\\n)+$`,
      'u',
    );
    fc.assert(
      fc.property(anyPictures, (pictures) => {
        const mermaid = jobToMermaid(pictures);
        expect(mermaid).toMatch(shapes);
        expect(mermaid.match(/^ {4}n\d+\[/gm)).toHaveLength(
          pictures.flatMap(({ tasks }) => tasks).length,
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('the pictures of a manager', () => {
  it('show one job, or the jobs of a filter, and are JSON', async () => {
    const count = defineTaskAgent({ name: 'count', execute: () => ({ n: 1 }) });
    const hold = defineTaskAgent({
      name: 'hold',
      execute: (ctx) => ctx.require({ agent: count, key: 'first' }),
    });
    await using manager = await TaskManager.open({
      storage: sqlite(':memory:'),
      agents: [count, hold],
    });
    const one = await manager.startJob({ id: 'one', objective: { agent: hold } });
    const two = await manager.startJob({ id: 'two', tasks: [{ agent: count, key: 'only' }] });
    await Promise.all([one.done, two.done]);
    const [picture] = await manager.pictures('one');
    expect(JSON.parse(JSON.stringify(picture))).toEqual(picture);
    expect(picture?.edges).toEqual([
      { needs: 'one/objective/first', taskId: 'one/objective', onFailure: 'continue' },
    ]);
    expect(await manager.dot('one')).toMatch(
      /n1 -> n0 \[style=dashed\];\n {2}n0 -> n1 \[style=dotted/,
    );
    expect(await manager.dot({ status: 'succeeded' })).toContain('cluster_1');
    expect(await manager.mermaid('two')).toContain('["only<br/>agent count<br/>completed');
    await expect(manager.dot('nobody')).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
  });
});
