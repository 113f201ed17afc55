import { defineAction } from '@dagger/core';
import { z } from 'zod';
import { concentration } from './analyze-type-a.ts';
import { activity } from './analyze-type-b.ts';

type Concentration = z.infer<typeof concentration>;
type Activity = z.infer<typeof activity>;

export const generateReport = defineAction({
  name: 'generate_report',
  description: 'Writes both analyses as one Markdown report',
  input: z.object({ analysis_a: concentration, analysis_b: activity }),
  output: z.object({ final_report: z.string() }),
  execute: ({ inputs }) => ({
    final_report: [
      '# Customer report',
      ...costSection(inputs.analysis_a),
      ...claimSection(inputs.analysis_b),
    ].join('\n\n'),
  }),
});

const dollars = (amount: number): string => `$${amount.toLocaleString('en-US')}`;

const costSection = (a: Concentration): string[] => [
  '## Cost',
  `${a.customers} customers made ${a.claims} claims, which cost ${dollars(a.cost)}. ` +
    `${a.customers_for_80_percent} of them make up 80 % of the cost (Gini coefficient ${a.gini}).`,
  a.dearest
    .map(({ name, cost, share }) => `- ${name}: ${dollars(cost)}, ${(share * 100).toFixed(1)} %`)
    .join('\n'),
];

const claimSection = (b: Activity): string[] => [
  '## Claims',
  `From ${b.first_year} to ${b.last_year} the number of claims changed by ${signed(b.per_year)} a year.`,
  [...b.growing, ...b.shrinking]
    .map(({ name, claims, per_year }) => `- ${name}: ${signed(per_year)} a year, ${claims} claims`)
    .join('\n'),
];

const signed = (value: number): string => (value > 0 ? `+${value}` : String(value));
