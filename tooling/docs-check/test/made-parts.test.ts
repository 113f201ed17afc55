import { describe, expect, it } from 'vitest';
import { constantIn, fieldsOf } from '../src/fields.ts';
import { withMadeParts } from '../src/made-parts.ts';

describe('a page with parts that are made', () => {
  const page = 'Words.\n\n<!-- made: sum -->\nold\n<!-- end -->\n\nMore words.\n';

  it('keeps its words, and has each part as the code makes it', () => {
    const made = withMadeParts(page, { sum: () => 'new' });
    expect(made).toContain('Words.\n\n<!-- made: sum -->\n');
    expect(made).toContain('\nnew\n');
    expect(made).not.toContain('old');
    expect(withMadeParts(made, { sum: () => 'new' })).toBe(made);
  });

  it('is refused when a part is made by nobody, or missing', () => {
    expect(() => withMadeParts(page, {})).toThrow("nobody makes the part 'sum'");
    expect(() => withMadeParts('Words.', { sum: () => '' })).toThrow('the page has no part sum');
  });
});

describe('the fields of an interface', () => {
  const source = `export interface Other {
  /** Not this one. */
  readonly far: string;
}

export interface Wanted<I = Json> extends Base {
  /** First. */
  readonly one: string;
  readonly silent?: number;
  /**
   * Second,
   * in two lines.
   * @throws never
   */
  two<A>(spec: A): Promise<A>;
  two(spec: string): Promise<string>;
  readonly deep: {
    /** Not a field of its own. */
    readonly below: string;
  };
}

const FAR = 1_500;
`;

  it('are those with a comment, in one line each', () => {
    expect(fieldsOf(source, 'Wanted')).toEqual([
      { name: 'one', comment: 'First.' },
      { name: 'two', comment: 'Second, in two lines.' },
    ]);
  });

  it('and constants are found by their names, or not at all', () => {
    expect(constantIn(source, 'FAR')).toBe(1_500);
    expect(() => constantIn(source, 'NEAR')).toThrow('there is no constant NEAR');
    expect(() => fieldsOf(source, 'Want')).toThrow('there is no interface Want');
  });
});
