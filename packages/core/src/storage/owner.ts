import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';

/** Who runs something: this host, this process, this opening of the executor. */
export const newOwner = (): string => `${hostname()}#${process.pid}#${randomUUID()}`;

/** Whether the process behind an owner is known to be dead; on another host, nobody knows before the lease ends. */
export const isDead = (owner: string): boolean => {
  const [host, pid] = owner.split('#');
  if (host !== hostname() || pid === undefined || Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
};
