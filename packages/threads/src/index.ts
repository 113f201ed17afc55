export { threadAction, type ThreadActionOptions } from './thread-action.ts';
export type { ThreadContext } from './thread-context.ts';
export { createThreadPool, type ThreadPool, type ThreadPoolOptions } from './thread-pool.ts';
export type { TaskContext, ThreadMessage, ThreadResult, ThreadTask } from './task.ts';
export type { ThreadError } from './thread-error.ts';
