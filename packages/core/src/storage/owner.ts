import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';

/** When this process started, in milliseconds: tells it from an earlier one with the same number. */
const startOfProcess = (): string => String(Math.round(performance.timeOrigin));

/**
 * Who runs something: this host, this process and when it started, this opening of the executor.
 * @param opening tells it from others of this process
 */
export const newOwner = (opening: string = randomUUID()): string =>
  [hostname(), process.pid, startOfProcess(), opening].join('#');

/** Whether the process behind an owner is known to be dead; on another host, nobody knows before the lease ends. */
export const isDead = (owner: string): boolean => {
  const [host, pid, start] = owner.split('#');
  if (host !== hostname() || pid === undefined) return false;
  // A container that was started again has the same host and the same number.
  if (Number(pid) === process.pid) return start !== startOfProcess();
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
};
