import type { AnyAction } from '@dagger/core';
import { databaseSave } from './database-save.ts';
import { httpFetch } from './http-fetch.ts';
import { transform } from './transform.ts';

/** The actions of http-to-database.yaml. */
export const httpActions: readonly AnyAction[] = [httpFetch, transform, databaseSave];
