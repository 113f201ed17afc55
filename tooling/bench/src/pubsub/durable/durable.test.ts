import { describe, expect, it } from 'vitest';
import { withTempFile } from '../../durable/temp-file.ts';
import type { DurableContender, DurableGroup } from './contender.ts';
import { durableContenders } from './contenders.ts';
import { countHandled } from './handled.ts';
import { orderOf } from './contender.ts';
import { durablePass, measureDurable } from './measure.ts';
import { renderDurable } from './render.ts';
import type { DurableRow } from './report.ts';
import { durableVerdicts } from './verdicts.ts';

const onSqlite = durableContenders.filter(({ group }) => group !== 'postgres');

describe.each(onSqlite)('$group: $name', (contender) => {
  it('handles and stores each message once, and leaves nothing to be delivered', async () => {
    await expect(durablePass(contender, 1_000)).resolves.toBeGreaterThan(0);
  });
});

describe('a pass', () => {
  const [honest] = onSqlite as [DurableContender];

  it('is refused when messages are not handled', async () => {
    const careless: DurableContender = {
      ...honest,
      run: (pass) => honest.run({ ...pass, handle: () => Promise.resolve() }),
    };
    await expect(durablePass(careless, 10)).rejects.toThrow('0 messages handled instead of 10');
  });

  it('is refused when messages are handled without being stored', async () => {
    const forgetful: DurableContender = {
      ...honest,
      run: (pass) =>
        withTempFile(async (file) => {
          await honest.run({ ...pass, messages: 0, handle: pass.handle });
          return honest.run({ ...pass, place: file });
        }),
    };
    await expect(durablePass(forgetful, 10)).rejects.toThrow('0 messages stored instead of 10');
  });
});

describe('the count of what was handled', () => {
  it('takes each order once, as it was published', async () => {
    const { handle, check } = countHandled(3);
    for (const n of [2, 0, 1]) await handle(orderOf(n));
    expect(() => check('bus')).not.toThrow();
  });

  it.each([
    ['one is missing', [orderOf(0), orderOf(1)]],
    ['one comes twice', [orderOf(0), orderOf(1), orderOf(1)]],
    ['one was changed', [orderOf(0), orderOf(1), { ...orderOf(2), note: '' }]],
  ])('is refused when %s', async (_, orders) => {
    const { handle, check } = countHandled(3);
    for (const order of orders) await handle(order);
    expect(() => check('bus')).toThrow('its numbers would mean nothing');
  });
});

it('a measurement says how many messages share a commit', async () => {
  const rows = await measureDurable(
    onSqlite.filter(({ group }) => group === 'sqlite normal'),
    { messages: 2_000, patience: { rounds: 1, budgetMs: 1 } },
  );
  expect(rows.map(({ name }) => name)).toEqual(['dagger', 'raw group-commit loop']);
  for (const { commits } of rows) {
    expect(commits).toBeGreaterThan(2);
    expect(commits).toBeLessThan(200);
  }
});

const row = (
  role: DurableRow['role'],
  group: DurableGroup,
  messagesPerSecond: number,
): DurableRow => ({
  name: role,
  role,
  group,
  messagesPerSecond,
  commits: group === 'postgres' ? null : 10,
  messages: 2_000,
  rounds: 1,
});

const rows = [
  row('dagger', 'sqlite normal', 60),
  row('floor', 'sqlite normal', 100),
  row('dagger', 'sqlite full', 40),
  row('floor', 'sqlite full', 100),
  row('dagger', 'postgres', 30),
];

it('the verdicts compare dagger with the loop on the same file', () => {
  expect(durableVerdicts(rows)).toMatchObject([
    { name: 'durable, sqlite normal: dagger / raw group-commit loop', value: 0.6, met: true },
    { name: 'durable, sqlite full: dagger / raw group-commit loop', value: 0.4, met: false },
  ]);
  expect(durableVerdicts([])).toMatchObject([{ met: null }, { met: null }]);
});

it('the table has the ratios, and the size of a commit where it is known', () => {
  const text = renderDurable(rows).join('\n');
  expect(text).toContain('2,000 messages for one agent');
  expect(text).toMatch(/sqlite normal: dagger +60\.0 +0\.600 +200/);
  expect(text).toMatch(/postgres: dagger +30\.0 +- +-/);
  expect(renderDurable([])).toEqual([]);
});
