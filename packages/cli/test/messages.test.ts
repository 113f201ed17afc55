import { join } from 'node:path';
import { ActionRegistry, DagExecutor, openStorage } from '@dagger/core';
import {
  StorageTransport,
  type DeadLetter,
  type GroupStatus,
  type MessageDetails,
  type Redriven,
} from '@dagger/pubsub';
import { describe, expect, it } from 'vitest';
import { folder, shared, start, type Ended } from './command.ts';
import { handleOrders, HOSTILE } from './orders.ts';
import { STORAGES } from './storages.ts';

type Tell = (...args: readonly string[]) => Promise<Ended>;

/** What `list --json` and the like give. */
interface Told {
  readonly offset: number;
  readonly id: string;
  readonly channel: string;
}

/** Channels with six orders, on two of which `charge` has failed: the second, `b`, and the fifth, `e`. */
const setup = async (
  place: (cwd: string) => string = (cwd) => `sqlite:${join(cwd, 'bus.db')}`,
): Promise<{ readonly cwd: string; readonly url: string; readonly tell: Tell }> => {
  const cwd = folder();
  const url = place(cwd);
  const orders = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name }));
  await handleOrders(
    url,
    [...orders, { name: 'f', text: HOSTILE + 'x'.repeat(100_000) }],
    ['b', 'e'],
  );
  return { cwd, url, tell: (...args) => shared(cwd, ['messages', ...args, '--storage', url]) };
};

const json = async <T>(said: Promise<Ended>): Promise<T> => {
  const { code, stdout, stderr } = await said;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
};

const letters = (tell: Tell): Promise<readonly DeadLetter[]> =>
  json<DeadLetter[]>(tell('list', '--dead', '--json'));

describe('dagger messages', () => {
  it('lists messages by channel, tree and place, the most recent first', async () => {
    const { tell } = await setup();
    const list = (...args: readonly string[]): Promise<readonly Told[]> =>
      json<Told[]>(tell('list', '--json', ...args));
    const all = await list();
    expect(all).toHaveLength(14);
    const offsets = all.map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.toSorted((a, b) => b - a));
    expect((await list('--channel', 'orders.new')).map(({ channel }) => channel)).toEqual(
      Array(6).fill('orders.new'),
    );
    expect(await list('--channel', 'dead.>', '--limit', '1')).toMatchObject([
      { channel: 'dead.orders.checked', payload: { name: 'e' } },
    ]);
    const [letter] = await letters(tell);
    const tree = await list('--tree', String(letter?.offset));
    expect(tree.map(({ channel }) => channel)).toEqual([
      'dead.orders.checked',
      'orders.checked',
      'orders.new',
    ]);
    const after = offsets[2] ?? -1;
    expect((await list('--after', String(after))).map(({ offset }) => offset)).toEqual(
      offsets.slice(0, 2).toReversed(),
    );
    expect(await list('--since', '1h', '--limit', '3')).toHaveLength(3);
    expect(await list('--since', '2999-12-31T00:00:00Z')).toEqual([]);

    const { stdout } = await tell('list');
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^OFFSET +TIME +CHANNEL +SOURCE +ID +PAYLOAD$/);
    expect(lines[1]).toMatch(/orders\.checked +intake +\S+ +\{"name":"f","text":"a\\u001b\[31mred/);
    expect(lines.at(-1)).toMatch(/orders\.new +- +\S+ +\{"name":"a"\}$/);
    expect(lines).toHaveLength(15);
    expect(stdout).not.toContain('\u001b');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(250);
  });

  it('lists dead letters with the channel, the agent, the attempts and the reason', async () => {
    const { tell } = await setup();
    const found = await letters(tell);
    expect(found).toMatchObject([
      { channel: 'orders.checked', agent: 'charge', attempts: 2, code: 'AGENT_FAILED' },
      { letter: { payload: { name: 'b' } }, redrivenAt: null },
    ]);
    const { stdout } = await tell('list', '--dead', '--channel', 'orders.*', '--agent', 'charge');
    expect(stdout).toMatch(
      /orders\.checked +charge +2 +no +\S+ +AGENT_FAILED: no money \\u\{1b\}\[31mfor e\n/,
    );
    for (const args of [
      ['--agent', 'ship'],
      ['--channel', 'orders.new'],
      ['--since', '2999-01-01'],
    ])
      expect(await json(tell('list', '--dead', '--json', ...args))).toEqual([]);
  });

  it('shows everything about a message, by its id or its offset', async () => {
    const { tell } = await setup();
    const [letter] = await letters(tell);
    const { stdout } = await tell('show', letter?.messageId ?? '');
    expect(stdout).toContain(`${letter?.messageId} on orders.checked, offset `);
    expect(stdout).toMatch(/\npublished by intake\n[\s\S]*\npayload \{"name":"e"\}\n/);
    expect(stdout).toMatch(/\nCAUSED BY\n\S+ on orders\.new \(offset \d+\) \{"name":"e"\}\n/);
    expect(stdout).toContain(`\nCAUSED\n${letter?.letter.id} on dead.orders.checked `);
    expect(stdout).toMatch(/\nDEAD LETTERS\n\S+ of charge after 2 attempts, not re-driven: AGENT_/);
    expect(stdout).not.toContain('NOT DONE WITH IT');

    const dead = await tell('show', String(letter?.offset));
    expect(dead.stdout).toContain(
      `\nDEAD LETTER\ncharge gave up on ${letter?.messageId} after 2 attempts\n`,
    );
    expect(dead.stdout).not.toContain('\u001b');
    const first = await json<MessageDetails & Told>(tell('show', '1', '--json'));
    expect(first).toMatchObject({
      channel: 'orders.new',
      source: null,
      headers: { tenant: 'acme' },
      cause: null,
      effects: [{ channel: 'orders.checked' }],
      undone: [],
      deadLetter: null,
    });
    expect((await tell('show', '1')).stdout).toContain('\nHEADERS\ntenant: acme\n');
    const huge = await json<readonly Told[]>(tell('list', '--json', '--limit', '1'));
    const shown = await tell('show', huge[0]?.id ?? '');
    expect(shown.stdout.length).toBeLessThan(3_500);
    expect(shown.stdout).not.toContain('\u001b');
  });

  it('shows the causal tree of a message as text, DOT, Mermaid and JSON', async () => {
    const { tell } = await setup();
    const [letter] = await letters(tell);
    const id = letter?.letter.correlationId ?? '';
    const lines = (await tell('tree', id)).stdout.split('\n');
    expect(lines[0]).toMatch(/^orders\.new \{"name":"e"\} \(offset \d+, from outside\) — intake$/);
    expect(lines[1]).toMatch(
      /^ {2}orders\.checked .* by intake\) — .*charge gave up after 2 attempts: no money/,
    );
    expect(lines[1]).not.toContain('tries again');
    expect(lines[2]).toMatch(/^ {4}dead\.orders\.checked .* by charge\)$/);
    expect((await tell('tree', String(letter?.offset))).stdout).toBe(lines.join('\n'));
    expect((await tell('tree', id, '--dot')).stdout).toMatch(/^digraph dagger \{\n/);
    expect((await tell('tree', id, '--mermaid')).stdout).toMatch(/^flowchart TB\n[\s\S]*:::dead\n/);
    expect(await json(tell('tree', id, '--json'))).toMatchObject({
      nodes: [{ id }, { id: letter?.messageId, status: 'dead' }, { id: letter?.letter.id }],
      links: { length: 2 },
    });
  });

  it('lists groups with how far behind they are, and channels with their readers', async () => {
    const { url, tell } = await setup();
    const storage = await openStorage(url);
    const late = await StorageTransport.open({ storage });
    const options = { group: 'late', patterns: ['orders.*'], from: 'start', capacity: 9 } as const;
    await late.subscribe(
      { ...options, maxInFlight: 0, overflow: 'block', exceptFrom: new Set(), dropped: () => {} },
      () => {},
    );
    await late.close();
    await storage.close();
    const groups = await json<GroupStatus[]>(tell('groups', '--json'));
    expect(groups.map(({ name, lag }) => [name, lag])).toEqual([
      ['charge', 0],
      ['intake', 0],
      ['late', 12],
      ['shipping', 0],
    ]);
    const { stdout } = await tell('groups');
    expect(stdout).toMatch(
      /^GROUP +LAG +READY +LEASED +DELAYED +AHEAD +POSITION +OLDEST +CAPACITY +READERS/,
    );
    expect(stdout).toMatch(/^late +12 +0 +0 +0 +12 +0 +\d{4}-\S+ \S+Z +9, block +0 +orders\.\*$/m);
    const channels = (await tell('channels')).stdout;
    expect(channels).toMatch(/^orders\.checked +6 .* charge late shipping$/m);
    expect(channels).toMatch(/^dead\.orders\.checked +2 /m);
  });

  it.for(STORAGES)(
    're-drives dead letters to the group that failed on them, once, on $name',
    async ({ missing, place }, { skip }) => {
      skip(missing);
      const { url, tell } = await setup(place);
      const [ofE, ofB] = await letters(tell);
      const one = await tell('redrive', ofB?.letter.id ?? '');
      expect(one).toEqual({
        code: 0,
        stdout: `re-driven 1 of 1 dead letter\n  ${ofB?.letter.id}: ${ofB?.messageId} is delivered again to charge\n`,
        stderr: '',
      });
      expect((await tell('show', ofB?.messageId ?? '')).stdout).toContain(
        '\nNOT DONE WITH IT\ncharge ready: it waits for a member\n',
      );
      const again = await tell('redrive', String(ofB?.offset), ofE?.letter.id ?? '');
      expect(again.code).toBe(1);
      expect(again.stdout).toMatch(
        /^re-driven 1 of 2 dead letters\n.*\nnot re-driven:\n {2}\S+ was re-driven before, \d{4}-/,
      );
      expect(await handleOrders(url, [])).toEqual({ charge: ['b', 'e'], ship: [] });
      expect((await tell('list', '--dead')).stdout).toMatch(
        / charge +2 +\d{4}-\S+ \S+Z +\S+ +AGENT/,
      );
      expect((await tell('redrive', '--all')).stdout).toBe('no dead letters to re-drive\n');
    },
  );

  it('re-drives all dead letters of an agent or a channel', async () => {
    const { url, tell } = await setup();
    const redrive = (...args: readonly string[]): Promise<readonly Redriven[]> =>
      json<Redriven[]>(tell('redrive', '--all', '--json', ...args));
    expect(await redrive('--agent', 'nobody')).toEqual([]);
    expect(await redrive('--channel', 'orders.new')).toEqual([]);
    expect(await redrive('--agent', 'charge', '--channel', 'orders.*')).toMatchObject([
      { outcome: 'redriven', group: 'charge', deadLetter: { letter: { payload: { name: 'b' } } } },
      { outcome: 'redriven', deadLetter: { letter: { payload: { name: 'e' } } } },
    ]);
    // Who fails again makes another letter, which is re-driven in turn.
    expect(await handleOrders(url, [], ['e'])).toEqual({ charge: ['b'], ship: [] });
    expect(await redrive()).toMatchObject([{ deadLetter: { letter: { payload: { name: 'e' } } } }]);
    expect(await handleOrders(url, [])).toEqual({ charge: ['e'], ship: [] });
  });

  it.for(STORAGES)(
    'has a group read again from a place, and no other, on $name',
    async ({ missing, place }, { skip }) => {
      skip(missing);
      const { url, tell } = await setup(place);
      const { stdout } = await tell('replay', 'shipping', '--from', 'start');
      expect(stdout).toBe('6 messages are delivered again to shipping, from the start on\n');
      const again = ['a', 'b', 'c', 'd', 'e', 'f'];
      const { charge, ship } = await handleOrders(url, []);
      expect({ charge, ship: ship.toSorted() }).toEqual({ charge: [], ship: again });
      const last = await json<readonly Told[]>(
        tell('list', '--channel', 'orders.checked', '--limit', '2', '--json'),
      );
      expect(
        await json(tell('replay', 'shipping', '--from', String(last[1]?.offset), '--json')),
      ).toEqual({ group: 'shipping', messages: 2 });
      expect((await handleOrders(url, [])).ship.toSorted()).toEqual(['e', 'f']);
      expect((await tell('replay', 'shipping', '--from', '1h')).stdout).toMatch(/^6 messages are /);
    },
  );

  it('follows what is published, until Ctrl-C', async () => {
    const { cwd, url } = await setup();
    const which = ['--channel', 'orders.new', '--limit', '2', '--storage', url];
    const following = start(cwd, ['messages', 'list', '--follow', ...which]);
    await following.printed('"name":"f"');
    await handleOrders(url, [{ name: 'late' }]);
    await following.printed('{"name":"late"}');
    await handleOrders(url, [{ name: 'later' }]);
    await following.printed('{"name":"later"}');
    following.process.kill('SIGINT');
    const { code, stdout, stderr } = await following.ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(stdout.trimEnd().split('\n')).toHaveLength(5);
    expect(stdout).toMatch(
      /"name":"e"[\s\S]*"name":"f"[\s\S]*\{"name":"late"\}\n.*\{"name":"later"\}\n$/,
    );
  });

  it('deletes old messages that no group needs', async () => {
    const { tell } = await setup();
    expect((await tell('prune', '--max-age-days', '1')).stdout).toBe('deleted 0 messages\n');
    const [letter] = await letters(tell);
    expect(await json(tell('prune', '--max-messages', '3', '--json'))).toEqual({ messages: 11 });
    const gone = await tell('redrive', '--all');
    expect(gone.stdout).toContain(`its message ${letter?.messageId} is not there: it was pruned`);
    expect(gone.code).toBe(1);
  });

  describe('ends with 2 and one clear line', () => {
    it('for what is not there, naming what was meant', async () => {
      const { tell } = await setup();
      const [letter] = await letters(tell);
      const id = letter?.messageId ?? '';
      for (const [args, message] of [
        [['show', 'nobody'], "MESSAGE_UNKNOWN: there is no message 'nobody' in"],
        [['show', '999'], "there is no message '999' in"],
        [['show', id.slice(0, -1)], 'MESSAGE_UNKNOWN'],
        [['show', `${id.slice(0, 3)}\u001b[31m`], '\\u{1b}[31m'],
        [['tree', 'nobody'], "there is no message or causal tree 'nobody' in"],
        [['list', '--tree', 'nobody'], 'MESSAGE_UNKNOWN'],
        [['replay', 'shiping', '--from', 'start'], "did you mean 'shipping'?"],
        [['replay', 'nobody', '--from', 'start'], "GROUP_UNKNOWN: there is no group 'nobody' in"],
        [['redrive', letter?.letter.id ?? '', 'nobody'], "there is no message 'nobody' in"],
        [['redrive', id], `this command takes dead letters; of it came ${letter?.letter.id}`],
      ] as const) {
        const { code, stdout, stderr } = await tell(...args);
        expect(stderr).toContain(message);
        expect(stderr.trimEnd().split('\n')).toHaveLength(1);
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      }
      // The letter that was named beside the one that is not there is not re-driven.
      expect((await letters(tell))[0]?.redrivenAt).toBeNull();
    });

    it('for the beginning of an id, with the id', async () => {
      const { url, tell } = await setup();
      const storage = await openStorage(url);
      const channels = await StorageTransport.open({ storage });
      const [stored] = await channels.messages({ limit: 1 });
      if (stored !== undefined)
        await channels.publish([{ ...stored.message, id: 'lonely', correlationId: 'alone' }]);
      await channels.close();
      await storage.close();
      expect((await tell('show', 'lone')).stderr).toContain("did you mean 'lonely'?");
      expect((await tell('tree', 'al')).stderr).toContain("did you mean 'alone'?");
    });

    it('for options that are wrong', async () => {
      const { tell } = await setup();
      for (const [args, message] of [
        [['list', '--channel', 'a..b'], 'CHANNEL_INVALID'],
        [['list', '--dead', '--channel', 'a b'], 'CHANNEL_INVALID'],
        [['list', '--since', 'yesterday'], 'It must be a time such as'],
        [['list', '--after', '-1'], 'It must be the offset of a message'],
        [['list', '--limit', '0'], 'at least 1'],
        [['list', '--agent', 'charge'], '--agent needs --dead'],
        [['list', '--dead', '--follow'], 'cannot be used with'],
        [['tree', '1', '--dot', '--json'], 'cannot be used with'],
        [['replay', 'charge'], "required option '--from <place>'"],
        [['replay', 'charge', '--from', 'soon'], 'It must be start, an offset, a time'],
        [['redrive'], 'say which dead letters: their ids, or --all'],
        [['redrive', '1', '--all'], 'name dead letters, or say --all, not both'],
        [['redrive', '1', '--agent', 'charge'], '--agent and --channel need --all'],
        [['prune'], 'say what to delete: --max-age-days or --max-messages'],
      ] as const) {
        const { code, stdout, stderr } = await tell(...args);
        expect(stderr).toContain(message);
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      }
    });

    it.for(STORAGES)(
      'for storage without channels, and makes none there, on $name',
      async ({ missing, place }, { skip }) => {
        skip(missing);
        const cwd = folder();
        const url = place(cwd);
        const storage = await openStorage(url);
        // A database of runs has the tables of runs.
        await using executor = await DagExecutor.open({ registry: new ActionRegistry(), storage });
        expect(await executor.listRuns()).toEqual([]);
        for (const args of [
          ['messages', 'list'],
          ['messages', 'groups'],
          ['messages', 'redrive', '--all'],
        ]) {
          const { code, stdout, stderr } = await shared(cwd, [...args, '--storage', url]);
          expect(stderr).toContain(
            'or no channel was opened on it yet: it has no table of messages',
          );
          expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
        }
        const db = storage.db.$extendTables<{
          readonly dagger_pubsub_messages: { readonly id: string };
        }>();
        await expect(
          db.selectFrom('dagger_pubsub_messages').select('id').execute(),
        ).rejects.toThrow('dagger_pubsub_messages');
      },
    );

    it('for storage that is not there, is no database, or is not named', async () => {
      const cwd = folder({ 'notes.db': 'these are notes, and no database at all'.repeat(100) });
      for (const [args, message] of [
        [['--storage', 'no.db'], "there is no database 'no.db'"],
        [['--storage', 'notes.db'], 'STORAGE_FAILED'],
        [[], 'say where the messages are kept: --storage sqlite:bus.db'],
      ] as const) {
        const { code, stdout, stderr } = await shared(cwd, ['messages', 'list', ...args]);
        expect(stderr).toContain(message);
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      }
    });
  });

  it('teaches with an example on every level', async () => {
    const cwd = folder();
    const looking = ['list', 'show', 'tree', 'groups', 'channels', 'reviews'];
    const acting = ['redrive', 'replay', 'approve', 'reject', 'prune', 'remove-group'];
    const names = [...looking, ...acting];
    for (const command of [['messages'], ...names.map((name) => ['messages', name])]) {
      const { code, stdout } = await shared(cwd, [...command, '--help']);
      expect(stdout).toContain('Example:');
      expect(stdout).toContain(`dagger ${command.join(' ')}`);
      expect(code).toBe(0);
    }
    expect((await shared(cwd, ['--help'])).stdout).toContain('dagger messages list --dead');
  });
});
