/** What an agent could not find; it stands in the shared state of the job, for the planner. */
export interface Lack {
  readonly [key: string]: string | readonly string[];
  readonly taskId: string;
  readonly question: string;
  readonly unknown: readonly string[];
}

export const LACKS = 'lacks';
