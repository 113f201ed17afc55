import { join } from 'node:path';
import { defineAction } from '@dagger/core';
import { z } from 'zod';
import { openDatabase, type AnyTables } from '../data/database.ts';
import { replaceTable } from '../data/replace-table.ts';
import { resultFolder } from '../data/work-folder.ts';

const TABLE = 'results';

export const databaseSave = defineAction({
  name: 'database_save',
  description: 'Saves flat records as a table of SQLite',
  input: z.object({
    data: z
      .array(z.record(z.string(), z.union([z.string(), z.number(), z.null()])))
      .min(1, 'there is nothing to save'),
  }),
  output: z.object({ saved: z.int(), table: z.string(), database: z.string() }),
  async execute({ inputs, appData, log }) {
    const database = join(resultFolder(appData), 'results.db');
    await using opened = openDatabase<AnyTables>(database);
    await replaceTable(opened.db, TABLE, inputs.data);
    log.info(`${inputs.data.length} rows in ${TABLE} of ${database}`);
    return { saved: inputs.data.length, table: TABLE, database };
  },
});
