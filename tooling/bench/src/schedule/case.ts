/** A graph with the time that each task takes. */
export interface ScheduleCase {
  readonly set: string;
  readonly name: string;
  readonly tasks: readonly Task[];
  /** Numbers of workers -> the shortest makespan there is, where that is known. */
  readonly optimum: ReadonlyMap<number, number>;
}

export interface Task {
  readonly id: string;
  readonly deps: readonly string[];
  readonly seconds: number;
}

/** No schedule is shorter: neither than the longest path, nor than the work shared by all workers. */
export function lowerBound({ tasks }: ScheduleCase, workers: number): number {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const ends = new Map<string, number>();
  const endOf = ({ id, deps, seconds }: Task): number => {
    let end = ends.get(id);
    if (end === undefined) {
      end = seconds + Math.max(0, ...deps.map((dep) => endOf(byId.get(dep)!)));
      ends.set(id, end);
    }
    return end;
  };
  let work = 0;
  let path = 0;
  for (const task of tasks) {
    work += task.seconds;
    path = Math.max(path, endOf(task));
  }
  return Math.max(path, work / workers);
}
