import { describe, expect, it, vi } from 'vitest';
import { DaggerError, NonRetryableError, toErrorData } from './errors.ts';

/** The classes of a second install of the package, as a dependency may bring it. */
const setup = async (): Promise<typeof import('./errors.ts')> => {
  vi.resetModules();
  return import('./errors.ts');
};

describe('an error of another install of dagger', () => {
  it('is an instance of DaggerError here, and the other way round', async () => {
    const other = await setup();
    expect(other.DaggerError).not.toBe(DaggerError);
    expect(new other.DaggerError('CANCELLED', 'x')).toBeInstanceOf(DaggerError);
    expect(new DaggerError('CANCELLED', 'x')).toBeInstanceOf(other.DaggerError);
  });

  it('stays non-retryable', async () => {
    const other = await setup();
    const foreign = new other.NonRetryableError('no use');
    expect(foreign).toBeInstanceOf(NonRetryableError);
    expect(toErrorData(foreign).retryable).toBe(false);
  });

  it('is no DaggerError when it only looks like one', () => {
    expect({ code: 'CANCELLED', message: 'x', ids: {} }).not.toBeInstanceOf(DaggerError);
    expect(new Error('x')).not.toBeInstanceOf(DaggerError);
    expect(new DaggerError('CANCELLED', 'x')).not.toBeInstanceOf(NonRetryableError);
    expect(new NonRetryableError('x')).toBeInstanceOf(DaggerError);
  });
});

describe('an error as data', () => {
  it('has the code, the name, the message and the messages of its causes, outermost first', () => {
    const error = new DaggerError('ACTION_FAILED', 'top', {
      cause: new Error('middle', { cause: 'bottom' }),
    });
    expect(toErrorData(error)).toEqual({
      code: 'ACTION_FAILED',
      name: 'DaggerError',
      message: 'top',
      causes: ['middle', 'bottom'],
      retryable: true,
    });
  });

  it('keeps a code of the error itself, such as that of a system call', () => {
    expect(toErrorData(Object.assign(new Error('x'), { code: 'ECONNRESET' })).code).toBe(
      'ECONNRESET',
    );
    expect(toErrorData(Object.assign(new Error('x'), { code: 7 })).code).toBe('ACTION_FAILED');
    expect(toErrorData(new Error('x'), 'HOOK_FAILED').code).toBe('HOOK_FAILED');
  });

  it('keeps the stack of a foreign error, and leaves out that of a DaggerError', () => {
    expect(toErrorData(new Error('x')).stack).toContain('errors.test.ts');
    expect(toErrorData(new DaggerError('CANCELLED', 'x'))).not.toHaveProperty('stack');
  });

  it('ends a cycle of causes', () => {
    const first = new Error('first');
    const second = new Error('second', { cause: first });
    first.cause = second;
    expect(toErrorData(first).causes?.slice(0, 2)).toEqual(['second', 'first']);
    expect(toErrorData(first).causes?.length).toBeLessThan(20);
  });

  it.each([
    ['a string', 'no', 'no'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 7, '7'],
    ['a BigInt', 7n, '7'],
    ['a symbol', Symbol('no'), 'Symbol(no)'],
    ['an object', { no: 1 }, '{"no":1}'],
    ['an object without a prototype', Object.create(null), '{}'],
  ])('tells of %s that was thrown', (_, thrown, message) => {
    const data = toErrorData(thrown);
    expect(data).toMatchObject({ code: 'ACTION_FAILED', name: 'Error', retryable: true });
    expect(data.message).toBe(message);
  });

  it('cuts a text that is too long', () => {
    expect(toErrorData(new Error('x'.repeat(1_000_000))).message.length).toBeLessThan(30_000);
  });
});

const hostile = (key: string): Error =>
  Object.defineProperty(new Error('x'), key, {
    get() {
      throw new Error(`hostile ${key}`);
    },
  });

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

describe('making data of what was thrown never throws', () => {
  it.each([
    ['an error whose message throws', hostile('message')],
    ['an error whose name throws', hostile('name')],
    ['an error whose code throws', hostile('code')],
    ['an error whose cause throws', hostile('cause')],
    ['an error whose stack throws', hostile('stack')],
    ['a revoked proxy', revoked()],
    [
      'an object that cannot be described',
      {
        toJSON() {
          throw new Error('no');
        },
        get [Symbol.toStringTag](): string {
          throw new Error('no');
        },
      },
    ],
    ['an error without a message', Object.assign(new Error('x'), { message: undefined })],
    [
      'an error with an object for a message',
      Object.assign(new Error('x'), { message: { a: 1n } }),
    ],
    ['an error with a name that is no text', Object.assign(new Error('x'), { name: 5n })],
    ['an error with a stack that is no text', Object.assign(new Error('x'), { stack: 5n })],
    [
      'a cyclic object',
      Object.assign(
        {},
        {
          get self(): unknown {
            return this;
          },
        },
      ),
    ],
  ])('%s', (_, thrown) => {
    const data = toErrorData(thrown);
    expect(typeof data.code).toBe('string');
    expect(typeof data.name).toBe('string');
    expect(typeof data.message).toBe('string');
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
  });
});
