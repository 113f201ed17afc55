import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { folder, shared, start, type Ended } from './command.ts';
import { HOSTILE } from './orders.ts';
import { askForRefunds, openRefunds, payRefunds } from './refunds.ts';
import { STORAGES } from './storages.ts';

type Tell = (...args: readonly string[]) => Promise<Ended>;

const setup = (
  place: (cwd: string) => string = (cwd) => `sqlite:${join(cwd, 'bus.db')}`,
): { readonly cwd: string; readonly url: string; readonly tell: Tell } => {
  const cwd = folder();
  const url = place(cwd);
  return { cwd, url, tell: (...args) => shared(cwd, ['messages', ...args, '--storage', url]) };
};

const json = async <T>(said: Promise<Ended>): Promise<T> => {
  const { code, stdout, stderr } = await said;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
};

/** What a command that can do nothing says. */
const refusal = async (said: Promise<Ended>, code = 2): Promise<string> => {
  const { stdout, stderr, ...rest } = await said;
  expect({ ...rest, stdout }).toEqual({ code, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  return stderr;
};

describe('messages that wait for people, on the command line', () => {
  it('are listed with since when, whether overdue, where, from whom and what', async () => {
    const { url, tell } = setup();
    const [id = ''] = await askForRefunds(url, [HOSTILE + 'x'.repeat(10_000)]);
    const { bus, close } = await openRefunds(url);
    const urgent = await bus.publish('urgent', 1);
    await close();
    const found = await json<readonly object[]>(tell('reviews', '--json'));
    expect(found).toMatchObject([
      { id, channel: 'refund', source: 'claims', dueAt: null, overdue: false },
      { id: urgent.id, channel: 'urgent', source: null, payload: 1, overdue: true },
    ]);
    const { stdout } = await tell('reviews');
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^SINCE +OVERDUE +CHANNEL +SOURCE +ID +PAYLOAD$/);
    expect(lines[1]).toMatch(/^\d{4}-\S+ \S+Z +- +refund +claims +\S+ +"a\\u001b\[31mred/);
    expect(lines[2]).toMatch(/^\d{4}-\S+ \S+Z +since \d{4}-\S+ \S+Z +urgent +- +\S+ +1$/);
    expect(stdout).not.toContain('\u001b');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(250);
  });

  it('are shown with how to decide, and in the tree of what caused them', async () => {
    const { url, tell } = setup();
    const [id = ''] = await askForRefunds(url, [{ euros: 5 }]);
    const { stdout } = await tell('show', id);
    expect(stdout).toMatch(/^\S+ on refund, waits for a person\nfrom claims\nsince \d{4}-/);
    expect(stdout).toMatch(/\nCAUSED BY\n\S+ on claim \(offset 1\) \{"euros":5\}\n/);
    expect(stdout).toContain(`\nTO DECIDE\n  dagger messages approve ${id} --storage `);
    expect(await json(tell('show', id, '--json'))).toMatchObject({
      id,
      offset: null,
      overdue: false,
      cause: { offset: 1 },
    });
    const tree = (await tell('tree', id)).stdout.split('\n');
    expect(tree[1]).toBe('  refund {"euros":5} (not published, by claims) — waits for a person');
    expect(await refusal(tell('redrive', id))).toContain('waits for a person');
  });

  it.for(STORAGES)(
    'are let through as they are or with another payload, or made dead letters, on $name',
    async ({ missing, place }, { skip }) => {
      skip(missing);
      const { url, tell } = setup(place);
      const [a = '', b = '', c = ''] = await askForRefunds(url, [1, 2, 3]);
      expect(await tell('approve', a)).toEqual({
        code: 0,
        stdout: `approved ${a}: it goes on to refund as it is\n`,
        stderr: '',
      });
      expect(await json(tell('approve', b, '--payload', '{"euros": 7}', '--json'))).toMatchObject({
        id: b,
        decision: 'approved',
        message: { channel: 'refund', causationId: b, payload: { euros: 7 } },
      });
      const { stdout } = await tell('reject', c, '--reason', 'no receipt');
      expect(stdout).toMatch(/^rejected \S+: its dead letter is \S+ on dead\.refund\n$/);
      expect((await tell('reviews')).stdout).toBe('no message waits for a person\n');
      expect((await tell('list', '--dead')).stdout).toContain('rejected by a person: no receipt');
      expect(await payRefunds(url)).toEqual([1, { euros: 7 }]);
    },
  );

  it('of which nothing is there to decide end with what is known of them', async () => {
    const { url, tell } = setup();
    const [a = '', b = '', c = ''] = await askForRefunds(url, [1, 2, 3]);
    for (const [args, text] of [
      [['approve', 'nobody'], "REVIEW_UNKNOWN: no message 'nobody' waits for a person in"],
      [['approve', 'nobody'], 'see `dagger messages reviews`'],
      [['reject', `${a}\u001b[31m`, '--reason', 'x'], '\\u{1b}[31m'],
      [['approve', a, '--payload', '{"euros": }'], '--payload is not JSON: Unexpected token'],
      [['approve', a, '--payload', '{"euros": 1e999}'], 'NOT_JSON: Infinity'],
      [['reject', a], "required option '--reason <text>'"],
    ] as const)
      expect(await refusal(tell(...args))).toContain(text);
    expect(await json(tell('reviews', '--json'))).toHaveLength(3);
    await tell('approve', a);
    await tell('approve', b, '--payload', '9');
    await tell('reject', c, '--reason', 'no receipt');
    for (const [id, text] of [
      [a, 'it is published, offset 4: somebody has let it through'],
      [b, 'it was let through with another payload, as'],
      [c, 'REJECTED: rejected by a person: no receipt'],
    ] as const)
      expect(await refusal(tell('approve', id))).toContain(text);
    expect(await refusal(tell('show', c))).toContain('was not published: it was rejected');
    const [d = ''] = await askForRefunds(url, [4]);
    expect(await refusal(tell('approve', d.slice(0, -1)))).toContain(`did you mean '${d}'?`);
  });

  it('go on waiting where there is no room', async () => {
    const { cwd, url, tell } = setup();
    const [first = '', second = ''] = await askForRefunds(url, [1, 2]);
    await (await openRefunds(url, { capacity: 1, overflow: 'error' })).close();
    await tell('approve', first);
    expect(await refusal(tell('approve', second), 1)).toContain('CHANNEL_FULL: no room in');
    // Receivers that have others wait.
    await (
      await openRefunds(url, { capacity: 1, processMessage: () => new Promise(() => {}) })
    ).close();
    const waiting = start(cwd, ['messages', 'approve', second, '--storage', url]);
    await waiting.printed('there is no room for it on refund yet; Ctrl-C gives up');
    waiting.process.kill('SIGINT');
    await waiting.ended;
    expect(await json(tell('reviews', '--json'))).toMatchObject([{ id: second }]);
  });
});

describe('a group that nobody reads any more, on the command line', () => {
  it.for(STORAGES)('is removed, on $name', async ({ missing, place }, { skip }) => {
    skip(missing);
    const { url, tell } = setup(place);
    const [id = ''] = await askForRefunds(url, [1]);
    await tell('approve', id);
    expect(await refusal(tell('remove-group', 'bnak'))).toContain("did you mean 'bank'?");
    expect((await tell('groups')).stdout).toMatch(/^bank +1 .* 1024, block +0 +refund$/m);
    expect((await tell('remove-group', 'bank')).stdout).toBe(
      'removed bank; it was not done with 1 message\n',
    );
    expect(await json(tell('remove-group', 'claims', '--json'))).toEqual({
      group: 'claims',
      messages: 0,
    });
    expect(await json(tell('groups', '--json'))).toEqual([]);
    expect(await payRefunds(url)).toEqual([]);
  });

  it('is not while a process reads it, unless by force', async () => {
    const { url, tell } = setup();
    const { close } = await openRefunds(url);
    onTestFinished(close);
    expect(await refusal(tell('remove-group', 'bank'))).toContain(
      `GROUP_BUSY: group 'bank' is read by process ${process.pid} on `,
    );
    expect((await tell('groups')).stdout).toMatch(/^bank .* 1024, block +1 +refund$/m);
    expect((await tell('remove-group', 'bank', '--force')).stdout).toBe(
      'removed bank; it was done with all its messages\n',
    );
    expect((await tell('groups')).stdout).not.toContain('bank');
  });
});
