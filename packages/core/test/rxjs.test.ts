import { filter, from, lastValueFrom, map, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import { ActionRegistry, DagExecutor } from '../src/index.ts';

test('RxJS takes the events of a run as an observable', async () => {
  const registry = new ActionRegistry().registerFn('ok', () => {});
  const executor = await DagExecutor.open({ registry });
  executor.add({
    name: 'g',
    nodes: [
      { id: 'a', action: 'ok' },
      { id: 'b', action: 'ok', dependencies: ['a'] },
    ],
  });
  const run = await executor.start('g');
  const completed = lastValueFrom(
    from(run.events).pipe(
      filter((event) => event.type === 'NodeCompleted'),
      map((event) => event.nodeId),
      toArray(),
    ),
  );
  expect(await completed).toEqual(['a', 'b']);
});

test('RxJS hears of a run that broke off as an error', async () => {
  const registry = new ActionRegistry().registerFn('slow', () => new Promise<void>(() => {}));
  const executor = await DagExecutor.open({ registry });
  executor.add({ name: 'g', nodes: [{ id: 'a', action: 'slow' }] });
  const run = await executor.start('g');
  const last = lastValueFrom(from(run.events));
  await executor.close();
  await expect(last).rejects.toMatchObject({ code: 'RUN_LOST' });
});
