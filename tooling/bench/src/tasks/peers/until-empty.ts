import type { Client } from 'pg';

/** The same proof for every peer on PostgreSQL that the last task is complete: its tables have none that is not. */
export async function untilEmpty(client: Client, open: string): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ left: boolean }>(`select exists (${open}) as left`);
    if (rows[0]?.left === false) return;
  }
}
