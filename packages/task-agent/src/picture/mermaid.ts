import { mermaidLabel } from '@dagger/core/kernel';
import { TASK_STATES } from '../lifecycle/states.ts';
import { TASK_COLOURS } from './colours.ts';
import { listOf, type JobPicture, type JobPictures } from './job-picture.ts';
import { jobLabel, taskLabel } from './label.ts';
import { linksOf, numbersOf, type Link } from './links.ts';

const ARROWS: { readonly [K in Link['kind']]: string } = {
  fail: '-->',
  skip: '-->|skip|',
  continue: '-.->',
  part: '-.-o',
};

const subgraph = (
  { job, tasks }: JobPicture,
  i: number,
  numbers: ReadonlyMap<string, number>,
): readonly string[] => [
  `  subgraph job${i}[${mermaidLabel(jobLabel(job))}]`,
  ...tasks.map(
    (task) => `    n${numbers.get(task.id) ?? 0}[${mermaidLabel(taskLabel(task))}]:::${task.state}`,
  ),
  '  end',
];

/**
 * Draws jobs as a Mermaid flowchart, each in a box: a line per task and per edge, the same text for the same jobs. A
 * dotted line that ends in a circle leads from a task to those that it is made of. Nothing that a job can hold breaks it.
 */
export const jobToMermaid = (pictures: JobPictures): string => {
  const jobs = listOf(pictures);
  const numbers = numbersOf(jobs);
  const used = new Set(jobs.flatMap(({ tasks }) => tasks.map(({ state }) => state)));
  return [
    'flowchart TB',
    ...jobs.flatMap((job, i) => subgraph(job, i, numbers)),
    ...jobs
      .flatMap((job) => linksOf(job, numbers))
      .map(({ from, to, kind }) => `  n${from} ${ARROWS[kind]} n${to}`),
    ...TASK_STATES.filter((state) => used.has(state)).map((state) => {
      const { fill, line } = TASK_COLOURS[state];
      return `  classDef ${state} fill:${fill},stroke:${line},color:#0f172a,text-align:left`;
    }),
    '',
  ].join('\n');
};
