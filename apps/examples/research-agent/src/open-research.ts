import type { Logger, Storage } from '@dagger/core';
import { TaskManager, type JobHandle } from '@dagger/tasks';
import { dataGatherer } from './agents/data-gatherer.ts';
import type { Desk } from './agents/desk.ts';
import { planningAgent } from './agents/planning-agent.ts';
import { reportWriter } from './agents/report-writer.ts';
import { researchAgent } from './agents/research-agent.ts';
import { reviewer } from './agents/reviewer.ts';
import { CRITERIA } from './thinking/criteria.ts';

export interface ResearchOptions {
  readonly storage: Storage;
  readonly desk: Desk;
  readonly logger?: Logger;
}

/** A manager that knows the five agents, and works on what its storage holds. */
export const openResearch = ({ storage, desk, logger }: ResearchOptions): Promise<TaskManager> =>
  TaskManager.open({
    storage,
    agents: [researchAgent, dataGatherer, reportWriter, reviewer, planningAgent],
    appData: desk,
    ...(logger === undefined ? {} : { logger }),
  });

/** Starts the job; where one with this id is there, it goes on, and this is its handle. */
export const startResearch = (
  manager: TaskManager,
  id: string,
  [first = '', ...others]: readonly string[],
): Promise<JobHandle> => {
  const stories = others.map((question, i) => ({
    key: `question-${i + 2}`,
    type: 'story' as const,
    title: question,
    agent: researchAgent,
    input: { question },
  }));
  return manager.startJob({
    id,
    title: first,
    objective: { title: first, agent: researchAgent, input: { question: first } },
    tasks: [
      ...stories,
      {
        key: 'report',
        title: 'Write the report',
        agent: reportWriter,
        // A question without an answer does not keep the others from being reported.
        needs: ['objective', ...stories.map(({ key }) => key)].map((task) => ({
          task,
          onFailure: 'continue' as const,
        })),
        acceptanceCriteria: Object.keys(CRITERIA),
        review: { agent: reviewer.name },
      },
    ],
    stall: { action: { type: 'NotifyPlanningAgent', agent: planningAgent.name, max: 2 } },
  });
};
