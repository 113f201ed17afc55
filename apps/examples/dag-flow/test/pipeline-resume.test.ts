import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnyAction } from '@dagger/core';
import { sqlite } from '@dagger/sqlite';
import { expect, test } from 'vitest';
import { weatherActions } from '../src/weather/actions.ts';
import { openPipeline, runPipeline } from './run-pipeline.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The actions, with a note of each that starts and one of them replaced. */
const observed = (
  started: string[],
  replaced?: { readonly name: string; readonly execute: AnyAction['execute'] },
): AnyAction[] =>
  weatherActions.map((action) => ({
    ...action,
    execute(ctx: never) {
      started.push(action.name);
      return action.name === replaced?.name ? replaced.execute(ctx) : action.execute(ctx);
    },
  }));

test('a run that lost its process goes on where it stopped, to the report of a run that did not', async () => {
  const folder = await temporaryFolder();
  const database = join(folder, 'runs.db');
  const before: string[] = [];
  const reached = Promise.withResolvers<void>();
  const lost = await openPipeline(
    { storage: sqlite(database) },
    observed(before, {
      name: 'combine_weather',
      execute: () => {
        reached.resolve();
        return Promise.withResolvers<never>().promise;
      },
    }),
  );
  const run = await lost.start('data_processing', {
    runId: 'nightly',
    inputs: { output_folder: folder },
  });
  const ended = run.done.catch((error: unknown) => error);
  await reached.promise;
  await lost.close();
  expect(await ended).toMatchObject({ code: 'RUN_LOST' });

  const after: string[] = [];
  await using executor = await openPipeline({ storage: sqlite(database) }, observed(after));
  const resumed = await executor.resume('nightly');
  expect(resumed.status).toBe('succeeded');
  // The two analyses run side by side, in whichever order.
  expect(before.toSorted()).toEqual([
    'analyze_climate',
    'analyze_conditions',
    'combine_weather',
    'extract_table',
    'transform_weather',
    'validate_weather',
  ]);
  expect(after).toEqual(['combine_weather', 'write_weather_report']);

  const straight = await runPipeline({ output_folder: await temporaryFolder() });
  const markdown = resumed.node('write_report')?.outputs?.['markdown'];
  expect(markdown).toBe(straight.node('write_report')?.outputs?.['markdown']);
  expect(await readFile(join(folder, 'weather-report.md'), 'utf8')).toBe(markdown);
});

test('running a finished id again gives its report and does no work', async () => {
  const folder = await temporaryFolder();
  const database = join(folder, 'runs.db');
  const inputs = { output_folder: folder };
  const started: string[] = [];
  const runOnce = async (): Promise<unknown> => {
    await using executor = await openPipeline({ storage: sqlite(database) }, observed(started));
    const report = await executor.run('data_processing', { runId: 'nightly', inputs });
    return report.toJSON();
  };
  const first = await runOnce();
  expect(started).toHaveLength(7);
  expect(await runOnce()).toEqual(first);
  expect(started).toHaveLength(7);
});
