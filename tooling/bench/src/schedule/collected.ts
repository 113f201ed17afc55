import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScheduleCase } from './case.ts';

interface CaseFile {
  readonly name: string;
  readonly optimum?: Readonly<Record<string, number>>;
  readonly tasks: readonly {
    readonly id: string;
    readonly deps: readonly string[];
    readonly runtimeSeconds?: number;
  }[];
}

/** The graphs of a folder with their run times; undefined where there is no such folder. */
export function collectedCases(set: string, folder: string): ScheduleCase[] | undefined {
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json') && file !== 'index.json')
    .toSorted()
    .map((file) => {
      const { name, optimum, tasks } = JSON.parse(
        readFileSync(join(folder, file), 'utf8'),
      ) as CaseFile;
      return {
        set,
        name,
        tasks: tasks.map(({ deps, runtimeSeconds }, index) => ({
          // Ids of other engines may be no ids of ours.
          id: `t${index}`,
          deps: deps.map((dep) => `t${tasks.findIndex((task) => task.id === dep)}`),
          seconds: runtimeSeconds ?? 0,
        })),
        optimum: new Map(
          Object.entries(optimum ?? {}).map(([workers, makespan]) => [Number(workers), makespan]),
        ),
      };
    });
}
