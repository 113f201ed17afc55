import type { JobView, TaskView } from '../manager/views.ts';
import type { OnDependencyFailure } from '../spec/task-spec.ts';

/** What is drawn of a job: plain data that JSON holds. */
export interface JobPicture {
  readonly job: JobView;
  /** In the order in which they were added. */
  readonly tasks: readonly TaskView[];
  /** The dependencies; those of tasks that are not here are left out of pictures. */
  readonly edges: readonly {
    readonly needs: string;
    readonly taskId: string;
    readonly onFailure: OnDependencyFailure;
  }[];
}

/** One job, or several that are drawn side by side. */
export type JobPictures = JobPicture | readonly JobPicture[];

export const listOf = (pictures: JobPictures): readonly JobPicture[] =>
  'job' in pictures ? [pictures] : pictures;
