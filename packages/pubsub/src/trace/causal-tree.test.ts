import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { causalTree, type TraceNode } from './causal-tree.ts';
import type { TraceEntry } from './entry.ts';
import { attempt, entry } from './message.fixture.ts';

/** A tree as text: `a(b c(d))`. */
const shape = (nodes: readonly TraceNode[]): string =>
  nodes
    .map(({ message, children }) =>
      children.length === 0 ? message.id : `${message.id}(${shape(children)})`,
    )
    .join(' ');

const anyEntries: fc.Arbitrary<readonly TraceEntry[]> = fc.array(
  fc
    .tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constantFrom(null, 'a', 'b', 'c', 'd', 'z'))
    .map(([id, cause]) => entry(id, cause)),
  { maxLength: 8 },
);

describe('causalTree', () => {
  it.each([
    ['nothing', [], ''],
    [
      'children in the order of publication',
      [['a'], ['c', 'a'], ['b', 'a'], ['d', 'b']],
      'a(c b(d))',
    ],
    ['several roots', [['a'], ['b'], ['c', 'a']], 'a(c) b'],
    [
      'a message whose cause is not there as a root',
      [
        ['b', 'gone'],
        ['c', 'b'],
      ],
      'b(c)',
    ],
    ['a message that comes before its cause', [['b', 'a'], ['a']], 'a(b)'],
    [
      'a message that is its own cause',
      [
        ['a', 'a'],
        ['b', 'a'],
      ],
      'a(b)',
    ],
    [
      'messages that cause each other, from the first on',
      [
        ['b', 'c'],
        ['c', 'b'],
      ],
      'b(c)',
    ],
    [
      'a cycle below which there are others',
      [
        ['x', 'b'],
        ['a', 'b'],
        ['b', 'a'],
      ],
      'a(b(x))',
    ],
    ['two of one id, the first as the cause', [['a'], ['a'], ['b', 'a']], 'a(b) a'],
    [
      'ids that objects have anyway',
      [['__proto__'], ['constructor', '__proto__']],
      '__proto__(constructor)',
    ],
  ] satisfies [string, [string, string?][], string][])('shows %s', (_, list, expected) => {
    expect(shape(causalTree(list.map(([id, cause]) => entry(id, cause ?? null))))).toBe(expected);
  });

  it('keeps what was done with each message', () => {
    const attempts = [attempt('a'), attempt('b')];
    expect(causalTree([entry('m', null, attempts)])[0]?.attempts).toBe(attempts);
  });

  it('has each entry once, whatever causes they name', () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const found: unknown[] = [];
        const walk = (nodes: readonly TraceNode[]): void => {
          for (const { message, children } of nodes) {
            found.push(message);
            walk(children);
          }
        };
        walk(causalTree(entries));
        expect(found).toHaveLength(entries.length);
        expect(new Set(found)).toEqual(new Set(entries.map(({ message }) => message)));
      }),
      { numRuns: 500 },
    );
  });

  it('is as deep as it must be', () => {
    const chain = Array.from({ length: 100_000 }, (_, i) => entry(`m${i}`, i ? `m${i - 1}` : null));
    let depth = 0;
    for (let nodes = causalTree(chain); nodes[0] !== undefined; nodes = nodes[0].children) depth++;
    expect(depth).toBe(100_000);
    const ring = chain.map(({ message }, i) =>
      i ? entry(message.id, `m${i - 1}`) : entry('m0', 'm99999'),
    );
    expect(causalTree(ring)).toHaveLength(1);
  });
});
