import type { TaskState } from '../lifecycle/states.ts';

/** Whether a task moves by itself: a worker takes it or has it, or its time will come. */
export const isMovable = (state: TaskState, waiting: number): boolean =>
  state === 'ready' || state === 'in_progress' || (state === 'pending' && waiting === 0);
