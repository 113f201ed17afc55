/** The servers that the tests use; a machine may have none of them. */
export const POSTGRES: string =
  process.env['DAGGER_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';
export const REDIS: string = process.env['DAGGER_TEST_REDIS'] ?? 'redis://127.0.0.1:6379';
export const NATS: string = process.env['DAGGER_TEST_NATS'] ?? '127.0.0.1:4222';
