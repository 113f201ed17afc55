import { ENDS, type TaskRow } from '@dagger/tasks';

const ends: ReadonlySet<string> = new Set(ENDS);

export const hasEnded = ({ state }: Pick<TaskRow, 'state'>): boolean => ends.has(state);

/** A worker has it or may take it, or its time will come. */
export const movesByItself = ({ state, waiting }: Pick<TaskRow, 'state' | 'waiting'>): boolean =>
  state === 'ready' || state === 'in_progress' || (state === 'pending' && waiting === 0);
