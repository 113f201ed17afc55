import { dotLabel } from '@dagger/core/kernel';
import type { TaskView } from '../manager/views.ts';
import { TASK_COLOURS } from './colours.ts';
import { listOf, type JobPicture, type JobPictures } from './job-picture.ts';
import { jobLabel, taskLabel } from './label.ts';
import { linksOf, numbersOf, type Link } from './links.ts';

const CENTRED = String.raw`\n`;
const LEFT = String.raw`\l`;

const taskLine = (task: TaskView, number: number): string => {
  const { fill, line } = TASK_COLOURS[task.state];
  return `n${number} [label=${dotLabel(taskLabel(task), LEFT)}, fillcolor="${fill}", color="${line}"];`;
};

const STYLES: { readonly [K in Link['kind']]: string } = {
  fail: '',
  skip: ' [label="skip"]',
  continue: ' [style=dashed]',
  part: ' [style=dotted, arrowhead=none]',
};

/** Where a task waits for its children, they stand above it: what is a part of it must not pull them down again. */
const linkLine = ({ from, to, kind, against }: Link): string =>
  `  n${from} -> n${to}${against ? ' [style=dotted, arrowhead=none, constraint=false]' : STYLES[kind]};`;

const cluster = (
  { job, tasks }: JobPicture,
  i: number,
  numbers: ReadonlyMap<string, number>,
): readonly string[] => [
  `  subgraph cluster_${i} {`,
  `    label=${dotLabel(jobLabel(job), CENTRED)};`,
  ...tasks.map((task) => `    ${taskLine(task, numbers.get(task.id) ?? 0)}`),
  '  }',
];

/**
 * Draws jobs as Graphviz DOT, several of them in a box each: a line per task and per edge, the same text for the same
 * jobs. Dependencies are solid, dashed where a failure does not stop the other task; dotted lines lead from a task to
 * those that it is made of. Nothing that a job can hold breaks it.
 */
export const jobToDot = (pictures: JobPictures): string => {
  const jobs = listOf(pictures);
  const numbers = numbersOf(jobs);
  const [only, ...others] = jobs;
  const title =
    only !== undefined && others.length === 0 ? jobLabel(only.job) : [`${jobs.length} jobs`];
  return [
    'digraph dagger {',
    // Graphviz measures text by the one font named here; Verdana is as wide as what stands in for it, so that text fits.
    `  graph [label=${dotLabel(title, CENTRED)}, labelloc=t, fontname="Verdana", rankdir=TB];`,
    '  node [shape=box, style="rounded,filled", fontname="Verdana", fontsize=10];',
    '  edge [color="#64748b", fontname="Verdana", fontsize=8];',
    ...(only !== undefined && others.length === 0
      ? only.tasks.map((task) => `  ${taskLine(task, numbers.get(task.id) ?? 0)}`)
      : jobs.flatMap((job, i) => cluster(job, i, numbers))),
    ...jobs.flatMap((job) => linksOf(job, numbers)).map(linkLine),
    '}',
    '',
  ].join('\n');
};
