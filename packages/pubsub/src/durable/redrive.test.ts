import { openStorage, systemClock, type Clock, type Storage } from '@dagger/core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import type { PubSubOptions } from '../executor/options.ts';
import type { PubSubExecutor } from '../executor/pubsub-executor.ts';
import { letterIds, openBus, Picky } from './redrive.fixture.ts';
import { redrive } from './redrive.ts';
import { databases, message, placeForEach } from './storage.fixture.ts';
import type { StorageTransport } from './storage-transport.ts';

/** By which pauses are over at once. */
const hasty: Clock = {
  now: () => systemClock.now(),
  after: (_, wake) => systemClock.after(0, wake),
};

describe.each(databases)('dead letters in $name', (database) => {
  const place = placeForEach(database);
  let charge: Picky;
  let audit: Picky;
  beforeEach(() => {
    charge = new Picky('charge');
    audit = new Picky('audit');
    audit.isContent = true;
  });
  const open = async (
    agents: readonly AnyPubSubAgent[] = [charge.agent, audit.agent],
    options: Partial<PubSubOptions> = {},
  ): Promise<{ readonly bus: PubSubExecutor; readonly transport: StorageTransport }> => {
    const both = await openBus(place.url, agents, options);
    place.closes({ close: () => both.bus.close({ drainSeconds: 0 }) });
    return both;
  };
  /** Messages on which `charge` fails; the ids of their letters, the oldest first. */
  const fail = async (
    { bus, transport }: Awaited<ReturnType<typeof open>>,
    ...payloads: readonly string[]
  ): Promise<readonly string[]> => {
    for (const payload of payloads) await bus.execute({ channel: 'orders.new', message: payload });
    return letterIds(await transport.inspect.deadLetters({ first: 'oldest' }));
  };

  it('have their messages handled by the group that failed on them, and by no other', async () => {
    const both = await open();
    const { bus, transport } = both;
    const [first, second] = await fail(both, 'a', 'b');
    charge.isContent = true;
    const [done] = await transport.redrive([second ?? '']);
    await bus.idle();
    expect(done).toMatchObject({
      id: second,
      outcome: 'redriven',
      group: 'charge',
      deadLetter: { channel: 'orders.new', agent: 'charge', attempts: 2, code: 'AGENT_FAILED' },
    });
    expect(charge.handled).toEqual(['b']);
    expect(audit.handled).toEqual(['a', 'b']);
    const letters = await transport.inspect.deadLetters();
    expect(letters.map(({ letter, redrivenAt }) => [letter.id, redrivenAt !== null])).toEqual([
      [second, true],
      [first, false],
    ]);
  });

  it('have their messages delivered in another process too, with the attempts counted anew', async () => {
    const both = await open();
    const ids = await fail(both, 'a');
    const { transport } = await open([]);
    expect(await transport.redrive(ids)).toMatchObject([{ outcome: 'redriven' }]);
    await both.bus.idle();
    // Two before, and two of which another letter came.
    expect(charge.tried).toEqual(['a', 'a', 'a', 'a']);
    const [letter] = await transport.inspect.deadLetters({ redriven: false });
    expect(letter?.attempts).toBe(2);
    charge.isContent = true;
    expect(await transport.redrive([letter?.letter.id ?? ''])).toMatchObject([
      { outcome: 'redriven' },
    ]);
    await both.bus.idle();
    expect(charge.handled).toEqual(['a']);
    expect(await transport.inspect.deadLetters({ redriven: false })).toEqual([]);
  });

  it('are re-driven once, also by several at the same time', async () => {
    const both = await open();
    const ids = await fail(both, ...Array.from({ length: 20 }, (_, i) => `m${i}`));
    const other = await open([]);
    charge.isContent = true;
    const [one, two] = await Promise.all([
      both.transport.redrive(ids),
      other.transport.redrive(ids.toReversed()),
    ]);
    const outcomes = [...one, ...two].map(({ outcome }) => outcome).toSorted();
    expect(outcomes).toEqual([...Array(20).fill('before'), ...Array(20).fill('redriven')]);
    await both.bus.idle();
    expect(charge.handled).toHaveLength(20);
    expect(new Set(charge.handled)).toEqual(new Set(Array.from({ length: 20 }, (_, i) => `m${i}`)));
    const again = await both.transport.redrive([...ids, ...ids]);
    expect(again.map(({ outcome }) => outcome)).toEqual(Array(20).fill('before'));
    expect(again[0]?.deadLetter?.redrivenAt).not.toBeNull();
  });

  it('are neither marked nor their messages delivered when one of the two fails', async () => {
    const both = await open();
    const { transport, bus } = both;
    const ids = await fail(both, 'a');
    charge.isContent = true;
    const storage = await openStorage(place.url);
    const broken: Storage = {
      ...shell(storage),
      notify: async () => {
        throw new TypeError('it broke after the delivery was there');
      },
    };
    await expect(redrive(broken, systemClock, ids)).rejects.toThrow('it broke');
    await storage.close();
    expect(await transport.pending()).toBe(0);
    expect(await transport.inspect.deadLetters({ redriven: false })).toHaveLength(1);
    await transport.redrive(ids);
    await bus.idle();
    expect(charge.handled).toEqual(['a']);
  });

  it('are told as re-driven by whoever did not hear at first that it was done', async () => {
    const both = await open();
    const ids = await fail(both, 'a');
    charge.isContent = true;
    const storage = await openStorage(place.url);
    let isLost = true;
    const deaf: Storage = {
      ...shell(storage),
      transaction: async (work) => {
        const answer = await storage.transaction(work);
        if (!isLost) return answer;
        isLost = false;
        throw new Error('the connection went away after the commit');
      },
    };
    expect(await redrive(deaf, hasty, ids)).toMatchObject([{ outcome: 'redriven' }]);
    await storage.close();
    await both.bus.idle();
    expect(charge.handled).toEqual(['a']);
  });

  it('are re-driven while their group is at work on other messages', async () => {
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let began!: () => void;
    const isAtWork = new Promise<void>((resolve) => (began = resolve));
    const handled: unknown[] = [];
    let isMended = false;
    const both = await open([
      {
        name: 'charge',
        subscriptions: ['orders.>'],
        concurrency: 1,
        retry: { attempts: 1 },
        processMessage: async ({ payload }) => {
          if (payload === 'slow') {
            began();
            await gate;
          } else if (!isMended) throw new Error('broken');
          handled.push(payload);
        },
      },
    ]);
    const { bus, transport } = both;
    const ids = await fail(both, 'a', 'b');
    isMended = true;
    const slow = await bus.publish('orders.new', 'slow');
    await isAtWork;
    const done = await transport.redrive(ids);
    expect(done.map(({ outcome }) => outcome)).toEqual(['redriven', 'redriven']);
    expect((await transport.inspect.message(slow.id))?.undone).toMatchObject([
      { group: 'charge', state: 'leased' },
    ]);
    release();
    await bus.idle();
    expect(handled).toEqual(['slow', 'a', 'b']);
  });

  it('of one message that failed again are re-driven as one', async () => {
    const both = await open();
    const [first] = await fail(both, 'a');
    expect(await both.transport.replay('charge', 'start')).toBe(1);
    await both.bus.idle();
    const ids = letterIds(await both.transport.inspect.deadLetters({ first: 'oldest' }));
    expect(ids).toEqual([first, expect.any(String)]);
    charge.isContent = true;
    expect((await both.transport.redrive(ids)).map(({ outcome }) => outcome)).toEqual([
      'redriven',
      'redriven',
    ]);
    await both.bus.idle();
    expect(charge.handled).toEqual(['a']);
  });

  it('of agents that share a group are re-driven to the group', async () => {
    const one = new Picky('one', { group: 'team' });
    const two = new Picky('two', { group: 'team' });
    const both = await open([one.agent, two.agent, audit.agent]);
    const ids = await fail(both, 'a');
    one.isContent = true;
    two.isContent = true;
    expect(await both.transport.redrive(ids)).toMatchObject([
      { outcome: 'redriven', group: 'team' },
    ]);
    await both.bus.idle();
    expect([...one.handled, ...two.handled]).toEqual(['a']);
    expect(audit.handled).toEqual(['a']);
  });

  it('are left as they are, with the reason, where re-driving them is not possible', async () => {
    const lost = new Picky('lost', { group: 'gone', receiveOwn: true });
    const both = await open([lost.agent, audit.agent], {
      channels: { 'orders.big': { review: {} } },
    });
    const { bus, transport } = both;
    const [telling = ''] = await fail(both, 'a');
    // A letter says which group it was; of one that does not the group is found by the agent.
    const [{ letter } = { letter: undefined }] = await transport.inspect.deadLetters({
      ids: [telling],
    });
    const { 'dead-group': group, ...headers } = letter?.headers ?? {};
    expect(group).toBe('gone');
    await transport.publish([message('dead.orders.new', { ...letter, id: 'silent', headers })]);
    const { id } = await bus.publish('orders.big', 'b');
    await bus.reject(id, 'too big');
    await bus.idle();
    const [rejected] = await transport.inspect.deadLetters({ agent: 'review' });
    const { messageId } = (await transport.inspect.deadLetters({ agent: 'lost' }))[0] ?? {};
    const outcomes = async (...ids: readonly string[]): Promise<readonly string[]> =>
      (await transport.redrive(ids)).map(({ outcome }) => outcome);
    expect(
      await outcomes('silent', rejected?.letter.id ?? '', messageId ?? '', "it's\nnone"),
    ).toEqual(['no_group', 'no_message', 'unknown', 'unknown']);
    lost.isContent = true;
    expect(await transport.redrive([telling])).toMatchObject([{ group: 'gone' }]);
    await bus.idle();
    expect(lost.handled).toEqual(['a']);
    // The letters are the latest; what they are about goes.
    await transport.prune({ maxMessages: 3 });
    expect(await outcomes('silent')).toEqual(['no_message']);
    expect(await transport.inspect.deadLetters({ redriven: false })).toHaveLength(2);
    expect(await transport.pending()).toBe(0);
    expect(await outcomes()).toEqual([]);
  });
});

/** A storage of which some of what it does can be put in place of. */
const shell = (storage: Storage): Storage => ({
  db: storage.db,
  abilities: storage.abilities,
  location: storage.location,
  migrate: (set) => storage.migrate(set),
  transaction: (work) => storage.transaction(work),
  close: () => storage.close(),
});
