import { DaggerError, toErrorData } from '@dagger/core';
import { cancelTasks } from '../unit/cancel.ts';
import { answerStall, terminate, type DraftOf } from '../unit/stall.ts';
import type { Verdicts } from '../unit/unit.ts';

/** What is decided about jobs at the end of each transaction. */
export const verdictsWith = (planOf: DraftOf): Verdicts => ({
  stuck: (unit, job) => answerStall(unit, job, 'nothing_can_move', planOf),
  stop: async (unit, jobId) =>
    void (await cancelTasks(unit, jobId, { reason: 'another task of the job has failed' })),
  overBudget: (unit, job) =>
    terminate(
      unit,
      job.id,
      toErrorData(
        new DaggerError(
          'LIMIT_REACHED',
          `job '${job.id}' has used ${job.tokens} tokens; maxTokens is ${String(job.settings.limits.maxTokens)}`,
          { ids: { jobId: job.id } },
        ),
      ),
    ),
});
