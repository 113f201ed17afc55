import { join } from 'node:path';
import { defineAction } from '@dagger/core';
import { z } from 'zod';
import { openDatabase, type AnyTables } from '../data/database.ts';
import { replaceTable } from '../data/replace-table.ts';
import { resultFolder } from '../data/work-folder.ts';
import { cleanCustomer } from './clean-and-transform.ts';

export const loadToWarehouse = defineAction({
  name: 'load_to_warehouse',
  description: 'Replaces a table of the warehouse by the customers',
  input: z.object({
    data: z.array(cleanCustomer),
    target_table: z.string().regex(/^[a-z]\w*$/i, 'is not the name of a table'),
  }),
  output: z.object({ loaded_count: z.int(), database: z.string() }),
  async execute({ inputs, appData, log }) {
    const database = join(resultFolder(appData), 'warehouse.db');
    await using opened = openDatabase<AnyTables>(database);
    await replaceTable(opened.db, inputs.target_table, inputs.data);
    log.info(`${inputs.data.length} rows in ${inputs.target_table} of ${database}`);
    return { loaded_count: inputs.data.length, database };
  },
});
