import type { OnDependencyFailure } from '../spec/task-spec.ts';
import type { JobPicture } from './job-picture.ts';

/** A line between two tasks, by their numbers in the picture. */
export interface Link {
  readonly from: number;
  readonly to: number;
  /** What the dependency means for a failure; `part` leads from a parent to its child. */
  readonly kind: OnDependencyFailure | 'part';
  /** Whether a dependency leads the other way round, as it does where a task waits for its children. */
  readonly against: boolean;
}

/** The number of each task, counted over all pictures. */
export const numbersOf = (pictures: readonly JobPicture[]): ReadonlyMap<string, number> => {
  const numbers = new Map<string, number>();
  for (const { tasks } of pictures) for (const { id } of tasks) numbers.set(id, numbers.size);
  return numbers;
};

/** The lines of a job: first its dependencies, then what is a part of what. */
export const linksOf = (
  { tasks, edges }: JobPicture,
  numbers: ReadonlyMap<string, number>,
): readonly Link[] => {
  const links: Link[] = [];
  const add = (from: string, to: string, rest: Pick<Link, 'kind' | 'against'>): void => {
    const [a, b] = [numbers.get(from), numbers.get(to)];
    if (a !== undefined && b !== undefined) links.push({ from: a, to: b, ...rest });
  };
  const waits = new Set(edges.map(({ needs, taskId }) => `${needs}\0${taskId}`));
  for (const { needs, taskId, onFailure } of edges)
    add(needs, taskId, { kind: onFailure, against: false });
  for (const { id, parentId } of tasks)
    if (parentId !== null)
      add(parentId, id, { kind: 'part', against: waits.has(`${id}\0${parentId}`) });
  return links;
};
