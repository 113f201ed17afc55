import { beforeEach, describe, expect, it } from 'vitest';
import { openBus, Picky } from './redrive.fixture.ts';
import {
  databases,
  ids,
  listen,
  message,
  numbered,
  placeForEach,
  stoppedTimers,
} from './storage.fixture.ts';
import type { StorageTransport } from './storage-transport.ts';

describe.each(databases)('looking at channels in $name', (database) => {
  const place = placeForEach(database);
  let bus: StorageTransport;
  beforeEach(async () => {
    bus = await place.open({ clock: stoppedTimers });
  });

  it('finds the latest messages first, of a pattern and since a time', async () => {
    const old = numbered('a.old', 3).map((each) => ({ ...each, time: 1_000 }));
    const late = numbered('a.late', 2_100).map((each, i) => ({ ...each, time: 2_000 + i }));
    await bus.publish(old);
    for (let i = 0; i < late.length; i += 700) await bus.publish(late.slice(i, i + 700));
    await bus.publish([message('b', { time: 9_000 })]);
    const found = async (filter: Parameters<StorageTransport['messages']>[0]): Promise<string[]> =>
      ids((await bus.messages(filter)).map((stored) => stored.message));
    expect(await found({ first: 'newest', channel: '*.old' })).toEqual(ids(old).toReversed());
    expect(await found({ first: 'newest', channel: 'a.>', limit: 2 })).toEqual(
      ids(late).toReversed().slice(0, 2),
    );
    expect(await found({ since: 2_000, limit: 2 })).toEqual(ids(late).slice(0, 2));
    expect(await found({ since: 4_098, channel: '*.*', first: 'newest' })).toEqual(
      ids(late).slice(-2).toReversed(),
    );
    const [{ offset } = { offset: 0 }] = await bus.messages({ channel: 'b' });
    expect(await found({ after: offset - 2, first: 'newest' })).toHaveLength(2);
  });

  it('tells of each group what waits, what is under way and how far it is', async () => {
    const slow = await listen(bus, 'work.>', { group: 'slow', maxInFlight: 2, capacity: 50 });
    await bus.publish(numbered('work.a', 4).map((each, i) => ({ ...each, time: 1_000 + i })));
    const [first] = await slow.received(2);
    await first?.nack(3_600_000);
    await slow.received(3);
    const late = { group: 'late', from: { offset: 2 }, maxInFlight: 0 } as const;
    await listen(bus, 'work.*', late);
    expect(await bus.inspect.groups()).toMatchObject([
      {
        name: 'late',
        patterns: ['work.*'],
        ready: 0,
        ahead: 3,
        lag: 3,
        oldest: 1_001,
        position: 1,
      },
      {
        name: 'slow',
        capacity: 50,
        overflow: 'block',
        ready: 1,
        leased: 2,
        delayed: 1,
        ahead: 0,
        lag: 4,
        oldest: 1_000,
        position: null,
      },
    ]);
  });

  it('tells everything about a message: its cause, what it caused, who is not done with it', async () => {
    const one = await listen(bus, 'a', { group: 'one' });
    await listen(bus, 'b', { group: 'two', maxInFlight: 0 });
    await bus.publish([message('a', { id: 'first', payload: { text: 'x' } })]);
    const [delivery] = await one.received(1);
    const tree = { causationId: 'first', correlationId: 'first', hops: 1 };
    await delivery?.ack([
      message('b', { id: 'second', ...tree, source: 'one' }),
      message('b', { id: 'third', ...tree, source: 'one' }),
    ]);
    const first = await bus.inspect.message('first');
    expect(first).toMatchObject({ message: { payload: { text: 'x' } }, cause: null, undone: [] });
    expect(ids(first?.effects.map((stored) => stored.message) ?? [])).toEqual(['second', 'third']);
    const second = await bus.inspect.message((first?.offset ?? 0) + 1);
    expect(second).toMatchObject({
      message: { id: 'second' },
      cause: { message: { id: 'first' } },
      effects: [],
      undone: [{ group: 'two', state: 'ready', attempt: 0, runAt: null, owner: null }],
      deadLetters: [],
      deadLetter: null,
    });
    expect(await bus.inspect.message('nobody')).toBeUndefined();
    expect(await bus.inspect.message(99)).toBeUndefined();
  });

  it('tells who has a message, and when it comes again', async () => {
    const work = await listen(bus, 'a', { group: 'work', maxInFlight: 2 });
    await bus.publish([message('a', { id: 'one' }), message('a', { id: 'two' })]);
    const [delivery] = await work.received(2);
    await delivery?.nack(3_600_000);
    const undone = async (id: string): Promise<unknown> =>
      (await bus.inspect.message(id))?.undone[0];
    expect(await undone('one')).toEqual({
      group: 'work',
      state: 'delayed',
      attempt: 1,
      runAt: expect.any(Number),
      owner: null,
    });
    expect(await undone('two')).toMatchObject({
      state: 'leased',
      runAt: null,
      owner: expect.stringContaining(`#${process.pid}#`),
    });
    await listen(bus, 'a', { group: 'late', from: 'start', maxInFlight: 0 });
    expect((await bus.inspect.message('one'))?.undone).toMatchObject([
      { group: 'late', state: 'ahead', attempt: 0 },
      { group: 'work' },
    ]);
  });

  it('counts the messages of each channel, and names those who read it', async () => {
    await listen(bus, 'a.>', { group: 'two', maxInFlight: 0 });
    await listen(bus, 'a.b', { group: 'one', maxInFlight: 0 });
    await bus.publish([message('a.b'), message('c'), message('a.b', { time: 5_000_000_000_000 })]);
    expect(await bus.inspect.channels()).toEqual([
      {
        name: 'a.b',
        messages: 2,
        lastOffset: 3,
        lastTime: 5_000_000_000_000,
        groups: ['one', 'two'],
      },
      expect.objectContaining({ name: 'c', messages: 1, groups: [] }),
    ]);
  });

  it('finds dead letters by agent, channel, tree and message, and traces what failed', async () => {
    const charge = new Picky('charge');
    const audit = new Picky('audit', { subscriptions: ['orders.big'] });
    const { bus: executor, transport } = await openBus(place.url, [charge.agent, audit.agent]);
    const { correlationId } = await executor.execute({ channel: 'orders.big', message: 'a' });
    await executor.execute({ channel: 'orders.small', message: 'b' });
    // Whoever calls a channel so has no dead letter by that.
    await executor.publish('dead.end', 'c');
    const found = async (
      filter: Parameters<typeof transport.inspect.deadLetters>[0],
    ): Promise<readonly string[]> =>
      (await transport.inspect.deadLetters(filter)).map(
        ({ agent, channel }) => `${agent} ${channel}`,
      );
    expect(await found({})).toHaveLength(3);
    expect((await found({}))[0]).toBe('charge orders.small');
    expect(await found({ agent: 'audit' })).toEqual(['audit orders.big']);
    expect(await found({ channel: 'orders.small' })).toEqual(['charge orders.small']);
    expect(await found({ channel: 'orders.*', first: 'oldest' })).toHaveLength(3);
    expect(await found({ correlationId })).toHaveLength(2);
    expect(await found({ messageId: correlationId, agent: 'charge' })).toHaveLength(1);
    expect(await found({ redriven: true })).toEqual([]);
    await expect(found({ channel: 'a..b' })).rejects.toMatchObject({ code: 'CHANNEL_INVALID' });

    const [first, ...letters] = await bus.inspect.trace(correlationId);
    const told = first?.attempts.map(
      ({ agent, attempt, status, error }) => `${agent} ${attempt} ${status}: ${error ?? ''}`,
    );
    expect(told?.toSorted()).toEqual([
      'audit 1 failed: audit does not like a',
      'audit 2 dead: audit does not like a',
      'charge 1 failed: charge does not like a',
      'charge 2 dead: charge does not like a',
    ]);
    expect(letters.map(({ message: { channel } }) => channel)).toEqual([
      'dead.orders.big',
      'dead.orders.big',
    ]);
    expect(await bus.inspect.trace('nobody')).toEqual([]);
    await executor.close();
    await expect(transport.inspect.groups()).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  });
});
