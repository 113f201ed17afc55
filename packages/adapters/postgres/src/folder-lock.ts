import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DaggerError } from '@dagger/core';
import { codeOf } from './code-of.ts';

/** The folders that this process has open. */
const ours = new Set<string>();

/** Whether a process lives on this machine. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
};

const textOf = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** Makes a file with a text in one step; false when it is there. */
const make = (file: string, text: string): boolean => {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, text);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
};

/** Takes a lock away that was left behind; one that somebody took meanwhile is put back. */
const clear = (file: string, left: string): void => {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const taken = textOf(aside);
  if (taken !== undefined && taken !== left) make(file, taken);
  rmSync(aside, { force: true });
};

/**
 * Takes a folder for this process alone: two that have a PGlite folder open damage it. The lock lies beside the folder, with
 * the number of the process; that of a process that is gone does not count.
 * @returns what gives the folder back
 * @throws DaggerError STORAGE_FAILED when it is in use
 */
export const lockFolder = (folder: string): (() => void) => {
  const path = resolve(folder);
  const file = `${path}.lock`;
  const own = String(process.pid);
  const refuse = (who: string): never => {
    throw new DaggerError(
      'STORAGE_FAILED',
      `the PGlite database '${folder}' is in use by ${who}, and one process may use it at a time (${file})`,
    );
  };
  if (ours.has(path)) refuse('this process');
  while (!make(file, own)) {
    const left = textOf(file);
    if (left === undefined) continue;
    // Our own number was that of a process before us.
    if (left !== own && isAlive(Number(left))) refuse(`process ${left}`);
    clear(file, left);
  }
  ours.add(path);
  return () => {
    if (!ours.delete(path)) return;
    rmSync(file, { force: true });
  };
};
