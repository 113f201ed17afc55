import { DaggerError } from '@dagger/core';
import type { TaskManagerOptions } from './options.ts';

interface Bound {
  readonly name:
    'concurrency' | 'maxPrefetch' | 'timeout' | 'drainSeconds' | 'pollMs' | 'maxValueBytes';
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

const BOUNDS: readonly Bound[] = [
  { name: 'concurrency', least: 1, most: 10_000, whole: true },
  { name: 'maxPrefetch', least: 0, most: 10_000, whole: true },
  { name: 'timeout', least: 0.001, most: 31_536_000, whole: false },
  { name: 'drainSeconds', least: 0, most: 86_400, whole: false },
  { name: 'pollMs', least: 1, most: 3_600_000, whole: false },
  { name: 'maxValueBytes', least: 2, most: 536_870_912, whole: true },
];

/** @throws DaggerError CONFIG_INVALID naming the option, the value and the bound */
export const checkOptions = (options: TaskManagerOptions): void => {
  const refuse = (reason: string): never => {
    throw new DaggerError('CONFIG_INVALID', `TaskManager.open: ${reason}`);
  };
  if ((options as TaskManagerOptions | undefined)?.storage === undefined)
    refuse("storage is missing: an adapter's value such as sqlite('tasks.db'), or a URL");
  for (const { name, least, most, whole } of BOUNDS) {
    const value = options[name];
    if (value === undefined) continue;
    const fits =
      typeof value === 'number' &&
      value >= least &&
      value <= most &&
      (!whole || Number.isInteger(value));
    if (!fits)
      refuse(
        `${name} must be ${whole ? 'a whole number' : 'a number'} from ${least} to ${most}, not ${String(value)}`,
      );
  }
  const after = options.stall?.afterSeconds;
  if (after !== undefined && !(Number.isFinite(after) && after > 0))
    refuse(`stall.afterSeconds must be a number of seconds above 0, not ${String(after)}`);
  const action = options.stall?.action;
  if (action?.type === 'Custom' && typeof action.handle !== 'function')
    refuse('stall.action.handle must be a function');
};
