import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import { describe, expect, it } from 'vitest';
import { around, outcomes, PrivateContext } from './attempt.fixture.ts';
import { dedupe, type DedupeOptions } from './dedupe.ts';
import type { Handler, Middleware } from './middleware.ts';

const setup = (options: DedupeOptions = {}, handler: Handler = () => {}) => {
  const clock = new SimulatedClock();
  const calls: string[] = [];
  const middleware = dedupe({ clock, ...options });
  const agent = (name: string) =>
    around(
      middleware,
      (message, ctx) => {
        calls.push(message.id);
        return handler(message, ctx);
      },
      name,
    );
  return { clock, calls, agent, handle: agent('a') };
};

describe('a message that comes again', () => {
  it('is acknowledged without its handler', async () => {
    const { calls, handle } = setup();
    await handle({ id: '1' });
    expect(await handle({ id: '1' })).toBeUndefined();
    await handle({ id: '2' });
    expect(calls).toEqual(['1', '2']);
  });

  it('is handled again when its attempt ended badly after the handler had returned', async () => {
    const { calls, handle } = setup();
    for (const done of [false, true]) {
      const ctx = new PrivateContext();
      await handle({ id: '1' }, ctx);
      ctx.end(done);
    }
    await handle({ id: '1' });
    expect(calls).toEqual(['1', '1']);
  });

  it('is handled again by another agent', async () => {
    const { calls, handle, agent } = setup();
    await handle({ id: '1' });
    await agent('b')({ id: '1' });
    expect(calls).toEqual(['1', '1']);
  });

  it('is known by what the key says', async () => {
    const { calls, handle } = setup({ key: ({ headers }) => headers['order'] ?? '' });
    await handle({ id: '1', headers: { order: 'x' } });
    await handle({ id: '2', headers: { order: 'x' } });
    await handle({ id: '3', headers: { order: 'y' } });
    expect(calls).toEqual(['1', '3']);
  });

  it('is handled again when it failed', async () => {
    let failures = 1;
    const { calls, handle } = setup({}, () => {
      if (failures-- > 0) throw new Error('no');
    });
    await expect(handle({ id: '1' })).rejects.toThrow('no');
    await handle({ id: '1' });
    await handle({ id: '1' });
    expect(calls).toEqual(['1', '1']);
  });

  it('is handled again when the window is over', async () => {
    const { clock, calls, handle } = setup({ windowSeconds: 10 });
    await handle({ id: '1' });
    await clock.advance(9_999);
    await handle({ id: '1' });
    expect(calls).toEqual(['1']);
    await clock.advance(1);
    await handle({ id: '1' });
    expect(calls).toEqual(['1', '1']);
  });

  it('is handled again when so many others were handled since', async () => {
    const { calls, handle } = setup({ size: 2 });
    for (const id of ['1', '2', '3', '2', '3', '1']) await handle({ id });
    expect(calls).toEqual(['1', '2', '3', '1']);
  });
});

it('a key that was handled again is remembered as long as that', async () => {
  const { clock, calls, handle } = setup({ size: 2, windowSeconds: 10 });
  await handle({ id: '1' });
  await clock.advance(10_000);
  await handle({ id: '1' });
  await handle({ id: '2' });
  await handle({ id: '1' });
  expect(calls).toEqual(['1', '1', '2']);
});

describe('two messages of one key at the same time', () => {
  const gated = (options: DedupeOptions = {}) => {
    const gates: { open: () => void; fail: (error: Error) => void }[] = [];
    const bundle = setup(
      { key: () => 'same', ...options },
      () => new Promise<void>((open, fail) => void gates.push({ open, fail })),
    );
    return { ...bundle, gates };
  };

  it('are one when the first ends well', async () => {
    const { clock, calls, handle, gates } = gated();
    const found = outcomes([handle({ id: '1' }), handle({ id: '2' }), handle({ id: '3' })]);
    await clock.settle();
    expect(calls).toEqual(['1']);
    expect(found).toEqual(['waiting', 'waiting', 'waiting']);
    gates[0]?.open();
    await clock.settle();
    expect(found).toEqual(['done', 'done', 'done']);
    expect(calls).toEqual(['1']);
  });

  it('are handled one after the other, in order, until one ends well', async () => {
    const { clock, calls, handle, gates } = gated();
    const found = outcomes(['1', '2', '3', '4'].map((id) => handle({ id })));
    await clock.settle();
    gates[0]?.fail(new Error('first'));
    await clock.settle();
    expect(calls).toEqual(['1', '2']);
    gates[1]?.fail(new Error('second'));
    await clock.settle();
    expect(calls).toEqual(['1', '2', '3']);
    gates[2]?.open();
    await clock.settle();
    expect(found).toEqual(['first', 'second', 'done', 'done']);
    expect(calls).toEqual(['1', '2', '3']);
  });

  it('are one only when the attempt of the first ends well, and not when its handler does', async () => {
    const { clock, calls, handle, gates } = gated();
    const [first, second] = [new PrivateContext(), new PrivateContext()];
    const found = outcomes([handle({ id: '1' }, first), handle({ id: '2' }, second)]);
    outcomes([handle({ id: '3' })]);
    await clock.settle();
    gates[0]?.open();
    await clock.settle();
    expect(found).toEqual(['done', 'waiting']);
    expect(calls).toEqual(['1']);
    first.end(false);
    await clock.settle();
    expect(calls).toEqual(['1', '2']);
    gates[1]?.open();
    await clock.settle();
    second.end(true);
    await clock.settle();
    expect(found).toEqual(['done', 'done']);
    expect(calls).toEqual(['1', '2']);
  });

  it('do not wait when the signal of the second is aborted', async () => {
    const { clock, calls, handle, gates } = gated();
    const ctx = new PrivateContext();
    const found = outcomes([handle({ id: '1' }), handle({ id: '2' }, ctx)]);
    await clock.settle();
    ctx.abort(new Error('stopped'));
    await clock.settle();
    expect(found).toEqual(['waiting', 'stopped']);
    gates[0]?.open();
    await clock.settle();
    expect(calls).toEqual(['1']);
  });

  it('are two when the attempt of the first was aborted, even if its handler ends well later', async () => {
    const { clock, calls, handle, gates } = gated();
    const ctx = new PrivateContext();
    const found = outcomes([handle({ id: '1' }, ctx), handle({ id: '2' })]);
    await clock.settle();
    ctx.abort(new Error('out of time'));
    await clock.settle();
    expect(found).toEqual(['out of time', 'waiting']);
    expect(calls).toEqual(['1', '2']);
    gates[0]?.open();
    await clock.settle();
    expect(found).toEqual(['out of time', 'waiting']);
    gates[1]?.fail(new Error('no'));
    await clock.settle();
    outcomes([handle({ id: '3' })]);
    await clock.settle();
    expect(calls).toEqual(['1', '2', '3']);
  });
});

it('a handler that is called twice in one attempt does not wait for the end of that', async () => {
  const calls: string[] = [];
  let failures = 1;
  const twice: Middleware = (next, agent) => {
    const inner = dedupe()(next, agent);
    return async (message, ctx) => {
      await Promise.resolve(inner(message, ctx)).catch(() => {});
      await Promise.all([inner(message, ctx), inner(message, ctx)]);
      await inner(message, ctx);
    };
  };
  const handle = around(twice, ({ id }) => {
    calls.push(id);
    if (failures-- > 0) throw new Error('no');
  });
  await handle({ id: '1' });
  expect(calls).toEqual(['1', '1']);
});

it('a key that cannot be made fails the attempt', async () => {
  const { calls, handle } = setup({
    key: () => {
      throw new Error('no key');
    },
  });
  await expect(handle()).rejects.toThrow('no key');
  expect(calls).toEqual([]);
});
