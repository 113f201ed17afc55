import { ActionRegistry, DagExecutor } from '@dagger/core';
import { expect, it } from 'vitest';
import { postgres } from '../src/index.ts';

// Nothing listens on port 1.
const nowhere = (): ReturnType<typeof postgres> =>
  postgres('postgres://ann:hunter2@127.0.0.1:1/work');

it('a server that cannot be reached is an error that names host and database, and no password', async () => {
  const storage = nowhere();
  const opening = DagExecutor.open({ registry: new ActionRegistry(), storage });
  await expect(opening).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: expect.stringMatching(
      /^cannot connect to postgres:\/\/127\.0\.0\.1:1\/work: .*ECONNREFUSED/,
    ),
    recoverable: true,
  });
  await expect(opening).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
  await storage.close();
});

it.each<[string, (storage: ReturnType<typeof postgres>) => Promise<unknown>]>([
  ['a query', async ({ db }) => db.selectFrom('dagger_runs').selectAll().execute()],
  ['a transaction', async (storage) => storage.transaction(async () => Promise.resolve())],
  ['a subscription', async (storage) => storage.subscribe?.('topic', () => {})],
])('%s on a server that cannot be reached rejects in the same way', async (_, use) => {
  const storage = nowhere();
  await expect(use(storage)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  await storage.close();
  await expect(use(storage)).rejects.toMatchObject({ message: expect.stringContaining('closed') });
});
