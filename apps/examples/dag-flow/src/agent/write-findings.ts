import type { Finding } from './finding.ts';

const number = (value: number): string => value.toLocaleString('en-US');

/** The findings as Markdown. */
export const writeFindings = (findings: readonly Finding[]): string =>
  ['# Report', ...findings.flatMap(section)].join('\n\n');

const section = (found: Finding): string[] => [
  `## ${found.instruction}`,
  `${found.rows} rows of ${found.dataset} have ${found.measure}: ${number(found.sum)} in all, ` +
    `${number(found.mean)} on average, half of them at least ${number(found.median)}.`,
  `Highest: ${found.highest.map(({ name, value }) => `${name} (${number(value)})`).join(', ')}.`,
  `By ${found.grouped_by}:`,
  found.groups
    .map((group) => `- ${group.name}: ${number(group.sum)} in ${group.rows} rows`)
    .join('\n'),
];
