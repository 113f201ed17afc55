import { describe, expect, it } from 'vitest';
import { sqliteFile } from '../src/recovery/databases.ts';
import { renderRecovery } from '../src/recovery/render.ts';
import { measureRow } from '../src/recovery/row.ts';

describe('a run that was killed near its end', () => {
  it('goes on in other processes, with a snapshot and without', { timeout: 60_000 }, async () => {
    const effort = { rounds: 1, passes: 1 };
    const row = await measureRow(sqliteFile, { shape: 'chain', nodes: 200 }, effort);
    // A row for each step of the chain until it was killed.
    expect(row.plain.rows).toBeGreaterThan(190);
    for (const { rawMs, allRowsMs, firstMs, laterMs } of [row.plain, row.snapshot]) {
      expect(rawMs).toBeGreaterThan(0);
      expect(allRowsMs).toBeGreaterThan(rawMs);
      expect(Math.min(firstMs, laterMs)).toBeGreaterThan(0);
    }
    expect(renderRecovery([row], [], ['PostgreSQL: skipped, no server'])).toContain(
      'SQLite chain 200',
    );
  });
});
