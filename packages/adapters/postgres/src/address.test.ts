import { DaggerError } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { readAddress, type PostgresOptions } from './address.ts';

const SECRET = 'hunter2';

describe('an address', () => {
  it.each<[string | PostgresOptions, string]>([
    ['postgres://ann:hunter2@db.example:6543/work', 'postgres://db.example:6543/work'],
    ['postgresql://ann:hunter2@db.example/work', 'postgres://db.example:5432/work'],
    ['postgres://ann:hunter2@db.example/work?max=3&schema=s', 'postgres://db.example:5432/work'],
    [
      'postgres://ann:hunter2@db.example/work?application_name=me&max=3',
      'postgres://db.example:5432/work',
    ],
    ['postgres://ann:hunter2@/work?host=/run/postgresql', 'postgres://[/run/postgresql]/work'],
    [
      { host: 'db.example', database: 'work', user: 'ann', password: SECRET },
      'postgres://db.example:5432/work',
    ],
    [
      { url: 'postgres://ann:hunter2@db.example/work', database: 'other' },
      'postgres://db.example:5432/work',
    ],
  ])('%j is known as %s', (given, location) => {
    expect(readAddress(given).location).toBe(location);
  });

  it('takes schema and max from the URL, and from options over it', () => {
    const url = 'postgres://db.example/work?max=3&schema=one';
    expect(readAddress(url)).toMatchObject({ max: 3, schema: 'one' });
    expect(readAddress({ url, max: 5, schema: 'two' })).toMatchObject({ max: 5, schema: 'two' });
    expect(readAddress(url).client.connectionString).toBe('postgres://db.example/work');
    expect(readAddress('postgres://db.example/work')).toMatchObject({
      max: 10,
      schema: undefined,
      connectTimeout: 30_000,
    });
  });

  it.each<[string | PostgresOptions, string]>([
    ['postgres://ann:hunter2@db.example:port/work', 'cannot be read'],
    ['mysql://ann:hunter2@db.example/work', 'cannot be read'],
    ['ann:hunter2@db.example', 'cannot be read'],
    ['postgres:hunter2', 'cannot be read'],
    ['postgres:ann:hunter2@db.example/work', 'cannot be read'],
    ['postgres://ann:hunter2@db.example/work?max=0', 'max must be a whole number of at least 1'],
    ['postgres://ann:hunter2@db.example/work?max=many', 'max must be a whole number'],
    ['postgres://ann:hunter2@db.example/work?schema=', 'schema must be a name'],
    [{ schema: 'x'.repeat(64) }, 'schema must be a name of 1 to 63 bytes'],
    [{ connectTimeout: 0.5 }, 'connectTimeout must be a whole number of at least 1, not 0.5'],
  ])('%j is refused, and the password is not shown', (given, reason) => {
    const thrown = ((): unknown => {
      try {
        return readAddress(given);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(DaggerError);
    expect(thrown).toMatchObject({ code: 'STORAGE_URL', message: expect.stringContaining(reason) });
    expect(`${JSON.stringify(thrown)} ${(thrown as Error).message}`).not.toContain(SECRET);
    expect((thrown as Error).cause).toBeUndefined();
  });
});
