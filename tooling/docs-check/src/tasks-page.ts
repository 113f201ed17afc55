import { readFileSync } from 'node:fs';
import { ENDS, TRANSITIONS, type Cause, type TaskState } from '@dagger/tasks';
import { constantIn, fieldsOf } from './fields.ts';
import { withMadeParts } from './made-parts.ts';
import { table } from './markdown-table.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const source = (path: string): string => read(`packages/task-agent/src/${path}`);

const MEANINGS: Readonly<Record<Cause, string>> = {
  release: 'what it waited for has ended, or its time has come',
  'hold back': 'it was made to need another task',
  claim: 'a worker takes it',
  'give back': 'the worker shuts down, or had not begun',
  block: 'it waits for other tasks or for a decision; ready at once where these have ended',
  retry: 'an attempt failed, and another is allowed',
  complete: 'its agent gave an output',
  submit: 'its agent gave an output that somebody is to review',
  accept: 'the reviewer accepts the output',
  'send back': 'the reviewer wants it done again',
  reject: 'the reviewer rejects it for the last time',
  fail: 'the last attempt failed, or a task that it needs',
  crash: 'its worker is gone; `onCrash` says what follows',
  skip: 'a task that it needs did not succeed, and it is not to run then',
  pause: 'a person holds it, or its job',
  resume: 'it goes on',
  cancel: 'somebody cancels it, its job, or a task that it needs',
  reopen: 'a person or an agent has it done again',
};

const CAUSES = Object.keys(TRANSITIONS) as Cause[];

/** One arrow for each pair of states, with all that leads that way. */
const diagram = (): string => {
  const arrows = new Map<string, Cause[]>();
  for (const cause of CAUSES)
    for (const from of TRANSITIONS[cause].from)
      for (const to of TRANSITIONS[cause].to) {
        const arrow = `${from} --> ${to}`;
        arrows.set(arrow, [...(arrows.get(arrow) ?? []), cause]);
      }
  return [
    '```mermaid',
    'stateDiagram-v2',
    '  [*] --> pending',
    '  [*] --> ready',
    ...[...arrows].map(([arrow, causes]) => `  ${arrow}: ${causes.join(', ')}`),
    ...ENDS.map((state) => `  ${state} --> [*]`),
    '```',
  ].join('\n');
};

const names = (states: readonly TaskState[]): string =>
  states.map((state) => `\`${state}\``).join(', ');

const transitions = (): string =>
  table(
    ['what', 'from', 'to', 'when'],
    CAUSES.map((cause) => [
      cause,
      names(TRANSITIONS[cause].from),
      names(TRANSITIONS[cause].to),
      MEANINGS[cause],
    ]),
  );

const fields =
  (path: string, name: string, heading = 'option') =>
  (): string =>
    table(
      [heading, 'meaning'],
      fieldsOf(source(path), name).map((field) => [`\`${field.name}\``, field.comment]),
    );

const seconds = (path: string, name: string): string =>
  `${constantIn(source(path), name) / 1_000} s`;

const times = (): string =>
  table(
    ['time', 'how long'],
    [
      ['a lease after the last sign of life', seconds('worker/heartbeat.ts', 'LEASE')],
      ['between two signs of life', seconds('worker/heartbeat.ts', 'BEAT')],
      ['between two looks for what is left of others', seconds('worker/upkeep.ts', 'ROUND')],
      [
        'beyond its timeout, until others end an attempt that its worker does not end',
        seconds('worker/upkeep.ts', 'GRACE'),
      ],
      [
        'a commit is tried again while the database is away, before `STORAGE_FAILED`',
        seconds('unit/commits.ts', 'PATIENCE'),
      ],
    ],
  );

/** docs/tasks.md: written by hand, but for what the code knows better. */
export const tasksPage = (): string =>
  withMadeParts(read('docs/tasks.md'), {
    states: diagram,
    transitions,
    agent: fields('agent/agent.ts', 'TaskAgent', 'field'),
    context: fields('agent/context.ts', 'TaskContext', 'in the context'),
    times,
    manager: fields('manager/options.ts', 'TaskManagerOptions'),
    job: fields('spec/job-spec.ts', 'JobSpec'),
    limits: fields('spec/job-spec.ts', 'JobLimits', 'limit'),
    stall: fields('spec/job-spec.ts', 'JobStall'),
    task: fields('spec/task-spec.ts', 'TaskSettings'),
  });
