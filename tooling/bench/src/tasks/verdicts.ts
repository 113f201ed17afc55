import { above, atLeast, below, type Verdict } from '../targets.ts';
import type { Group } from './contender.ts';
import { isSkipped, type Latency, type Skipped, type TasksRow } from './report.ts';

const RECOVERY_MS = 10_000;

/** dagger by itself, and beside the peers of the same run on the same server. */
export function tasksVerdicts(rows: readonly TasksRow[]): Verdict[] {
  return [
    atLeast('sqlite normal: dagger, tasks/s', speed(daggerOn(rows, 'sqlite normal')), 10_000),
    atLeast('sqlite full: dagger, tasks/s', speed(daggerOn(rows, 'sqlite full')), 5_000),
    above('postgres: dagger / pg-boss at its best', besides(rows, isPgBoss), 1),
    above('postgres: dagger / graphile-worker', besides(rows, isPlainGraphile), 1),
    atLeast('postgres: dagger / graphile-worker, local queue', besides(rows, isLocalQueue), 0.5),
    ...rows.filter(({ role }) => role === 'dagger').flatMap(verdictsOfSingleTasks),
  ];
}

function verdictsOfSingleTasks({ group, latency, latencyAcross, recovery }: TasksRow): Verdict[] {
  const across = below(`${group}: dispatch to another process, p50 ms`, p50(latencyAcross), 10);
  const recovered = isSkipped(recovery) ? null : recovery.milliseconds;
  return [
    below(`${group}: dispatch in process, p50 ms`, p50(latency), 2),
    ...(group === 'postgres' ? [across] : []),
    below(`${group}: ms until the tasks of a killed worker run again`, recovered, RECOVERY_MS),
  ];
}

const isPgBoss = ({ name }: TasksRow): boolean => name.startsWith('pg-boss');
const isPlainGraphile = ({ name }: TasksRow): boolean => name === 'graphile-worker';
const isLocalQueue = ({ name }: TasksRow): boolean => name === 'graphile-worker, local queue';

/** How many times as fast dagger is on PostgreSQL as the fastest of the others. */
function besides(rows: readonly TasksRow[], which: (row: TasksRow) => boolean): number | null {
  const ours = speed(daggerOn(rows, 'postgres'));
  const theirs = rows.filter(which).flatMap((row) => speed(row) ?? []);
  return ours === null || theirs.length === 0 ? null : ours / Math.max(...theirs);
}

function daggerOn(rows: readonly TasksRow[], group: Group): TasksRow | undefined {
  return rows.find((row) => row.role === 'dagger' && row.group === group);
}

function speed(row: TasksRow | undefined): number | null {
  const found = row?.speeds.independent;
  return !found || isSkipped(found) ? null : found.tasksPerSecond;
}

function p50(latency: Latency | Skipped): number | null {
  return isSkipped(latency) ? null : latency.p50;
}
