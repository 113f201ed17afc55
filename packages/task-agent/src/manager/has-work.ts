import type { Storage } from '@dagger/core';
import { sql } from 'kysely';
import { among } from '@dagger/core/kernel';
import { tables } from '../store/reads.ts';

/** Whether a task of one of these agents is ready, is in progress anywhere, or becomes ready by itself at some time. */
export const hasWork = async (storage: Storage, agents: readonly string[]): Promise<boolean> => {
  const theirs = sql`agent ${among(storage.abilities, agents)}`;
  const { rows } = await sql<{ readonly found: number }>`select 1 as found where
    exists (select 1 from dagger_tasks where state = 'ready' and ${theirs})
    or exists (select 1 from dagger_tasks where state = 'in_progress' and ${theirs})
    or exists (select 1 from dagger_tasks where state = 'pending' and waiting = 0 and ${theirs})`.execute(
    tables(storage),
  );
  return rows.length > 0;
};
