import { defineAction, NonRetryableError } from '@dagger/core';
import { z } from 'zod';
import { stepResult, type Finding, type StepResult } from './finding.ts';
import { steps, type Step } from './plan.ts';

export const validateResult = defineAction({
  name: 'validate_result',
  description: 'Checks that every step of the plan left its mark and that the figures agree',
  input: z.object({ steps, result: stepResult }),
  output: z.object({ checks: z.array(z.string()), report: z.string().nullable() }),
  execute({ inputs: { steps: plan, result } }) {
    const checks = [
      ...plan.map((step) => checkStep(step, result)),
      ...result.findings.map(checkSum),
    ];
    const failed = checks.filter((check) => !check.holds);
    if (failed.length > 0)
      throw new NonRetryableError(`not so: ${failed.map((check) => check.claim).join('; ')}`);
    return { checks: checks.map((check) => check.claim), report: result.report };
  },
});

interface Check {
  readonly claim: string;
  readonly holds: boolean;
}

const checkStep = ({ instruction, context }: Step, { findings, report }: StepResult): Check =>
  context.kind === 'report'
    ? {
        claim: `'${instruction}' wrote of every finding`,
        holds: findings.every((found) => report?.includes(found.measure) === true),
      }
    : {
        claim: `'${instruction}' found something`,
        holds: findings.some((found) => found.instruction === instruction),
      };

const checkSum = ({ measure, grouped_by, groups, sum }: Finding): Check => {
  const parts = groups.reduce((all, group) => all + group.sum, 0);
  return {
    claim: `${measure} by ${grouped_by} adds up to ${sum}`,
    // Each group was rounded to cents.
    holds: Math.abs(parts - sum) <= 0.01 * (groups.length + 1),
  };
};
