import { describe, expect, it } from 'vitest';
import { conditionReads, parseCondition, type ConditionContext } from './expression.ts';

const context: ConditionContext = {
  inputs: { mode: 'full', limit: 5 },
  outputs: new Map([
    ['a', { count: 11, score: 0.8, rows: [1, 2, 3], name: 'x', nothing: null }],
    ['b-c', { ready: true }],
    ['__proto__', { ready: true }],
  ]),
  status: { a: 'succeeded', 'b-c': 'failed' },
};

const evaluate = (text: string): boolean => {
  const parsed = parseCondition(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.evaluate(context);
};

describe('a condition', () => {
  it.each([
    ['outputs.a.count > 10', true],
    ['outputs.a.count == 11', true],
    ['outputs.a.count + 1 == 12', true],
    ['1 + outputs.a.count > 12', false],
    ['outputs.a.count / 2 == 5.5', true],
    ['outputs.a.count % 2 == 1', true],
    ['outputs.a.count * inputs.limit == 55', true],
    ['outputs.a.score >= 0.8', true],
    ['outputs.a.count in [10, 11]', true],
    ['outputs.a.rows[0] == 1', true],
    ['size(outputs.a.rows) == 3', true],
    ['outputs.a.rows.exists(row, row > 2)', true],
    ['outputs.a.nothing == null', true],
    ['inputs.mode == "full" && status.a == "succeeded"', true],
    ['outputs["b-c"].ready', true],
    ['outputs.__proto__.ready', true],
    ['has(outputs.zz)', false],
    ['has(outputs.a.missing) ? false : true', true],
    ['true', true],
  ])('%s is %s', (text, value) => {
    expect(evaluate(text)).toBe(value);
  });

  it.each([
    ['outputs.zz.count > 1', /failed: No such key: zz$/],
    ['outputs.constructor == 1', /No such key: constructor/],
    ['outputs.a.count', /gave 11, not true or false$/],
    ['outputs.a', /gave a map, not true or false$/],
  ])('%s fails when it is evaluated', (text, reason) => {
    expect(() => evaluate(text)).toThrow(
      expect.objectContaining({ code: 'CONDITION_FAILED', message: expect.stringMatching(reason) }),
    );
  });

  it.each([
    ['outputs.a.count >', /Unexpected token/, 17],
    ['outpts.a.count > 1', /Unknown variable: outpts/, 0],
    ['1 + 1', /gives int, not true or false/, 0],
    ['"a" > 1', /no such overload/, 0],
    ['outputs.a.name.matches("(a+)+$")', /matches is not available/, 0],
    ['[1].all(a, [1].all(b, [1].all(c, true)))', /all is nested more than 2 deep/, 22],
  ])('%s is refused before it is run', (text, reason, offset) => {
    const parsed = parseCondition(text);
    expect(parsed).toEqual({ ok: false, message: expect.stringMatching(reason), offset });
  });

  it.each([
    ['parentheses', `${'('.repeat(10_000)}true${')'.repeat(10_000)}`],
    ['parentheses within the length', `${'('.repeat(4_000)}true${')'.repeat(4_000)}`],
    ['negations', `${'!'.repeat(9_000)}true`],
    ['lists', '['.repeat(9_000)],
    ['conjunctions', `${'true && '.repeat(1_200)}true`],
    ['an endless string', `"${'x'.repeat(9_000)}`],
  ])('of hostile %s neither crashes nor hangs', (_, text) => {
    const parsed = parseCondition(text);
    const verdict = parsed.ok ? parsed.evaluate(context) : parsed.message;
    expect(verdict).toSatisfy(
      (said) => said === true || (typeof said === 'string' && said.length < 300),
    );
  });
});

describe('conditionReads', () => {
  it('names the nodes whose outputs or status are read', () => {
    expect(
      conditionReads(
        'outputs.a.x > 1 || status["b-c"] == "failed" || [1].exists(x, outputs.d.y == x) || has(outputs.e)',
      ),
    ).toEqual(expect.arrayContaining(['a', 'b-c', 'd', 'e']));
  });

  it('names none where the text is wrong, or the name is computed', () => {
    expect(conditionReads('outputs.a >')).toEqual([]);
    expect(conditionReads('outputs[inputs.which].ok')).toEqual([]);
  });
});
