import { thisMachine } from '../machine.ts';
import type { Suite, SuiteOptions } from '../suite.ts';
import { groups, shapes, type Group, type Shape, type TaskContender } from './contender.ts';
import { taskContenders } from './contenders.ts';
import { missingServers } from './places.ts';
import { renderTasks } from './render.ts';
import type { Skipped, Speed, TasksReport, TasksRow } from './report.ts';
import { measureLatency, measureRecoveries } from './single-tasks.ts';
import { measureShape } from './throughput.ts';
import { tasksVerdicts } from './verdicts.ts';

export const tasksSuite: Suite = {
  summary: 'no-op tasks through queues on SQLite, PostgreSQL and Redis, beside floors and peers',

  async run(options) {
    const missing = await missingServers();
    const rows: TasksRow[] = [];
    for (const group of groups) {
      if (missing.has(group)) continue;
      const contenders = taskContenders.filter((contender) => contender.group === group);
      rows.push(...(await measureGroup(group, contenders, options)));
    }
    const verdicts = tasksVerdicts(rows);
    const document: TasksReport = {
      suite: 'tasks',
      quick: options.quick,
      machine: thisMachine(),
      rows,
      verdicts,
      skipped: [...missing.values()],
    };
    return {
      document,
      text: renderTasks(document),
      missed: verdicts.some(({ met }) => met === false),
    };
  },
};

async function measureGroup(
  group: Group,
  contenders: readonly TaskContender[],
  options: SuiteOptions,
): Promise<TasksRow[]> {
  const speeds = new Map<Shape, Map<TaskContender, Speed | Skipped>>();
  for (const shape of shapes) {
    options.progress(`tasks: ${group}, ${shape}`);
    speeds.set(shape, await measureShape(shape, contenders, options));
  }
  options.progress(`tasks: ${group}, dispatch`);
  const latency = await measureLatency('latency', contenders, options);
  const latencyAcross = await measureLatency('latencyAcross', contenders, options);
  options.progress(`tasks: ${group}, recovery`);
  const recovery = await measureRecoveries(contenders, options);
  return contenders.map((contender) => ({
    name: contender.name,
    role: contender.role,
    group,
    speeds: Object.fromEntries(
      shapes.map((shape) => [shape, speeds.get(shape)!.get(contender)!]),
    ) as TasksRow['speeds'],
    latency: latency.get(contender)!,
    latencyAcross: latencyAcross.get(contender)!,
    recovery: recovery.get(contender)!,
  }));
}
