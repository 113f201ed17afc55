/** Plain columns under a rule; the first column to the left, numbers to the right. */
export function drawTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) =>
        column === 0 ? (cells[column] ?? '').padEnd(width) : (cells[column] ?? '').padStart(width),
      )
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join(
    '\n',
  );
}

/** Three significant digits, and no exponent. */
export function digits(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  if (value >= 0.995 || value === 0) return value.toFixed(2);
  return value >= 0.001 ? value.toFixed(3) : value.toFixed(5);
}

/** The reasons behind the dashes, and what else is to be said of a number: the same reason is told once. */
export class Footnotes {
  readonly #reasons: string[] = [];

  mark(reason: string): string {
    return `- ${this.number(reason)}`;
  }

  /** To stand behind a number. */
  number(reason: string): string {
    let index = this.#reasons.indexOf(reason);
    if (index === -1) index = this.#reasons.push(reason) - 1;
    return `(${index + 1})`;
  }

  lines(): string[] {
    return this.#reasons.map((reason, index) => `(${index + 1}) ${reason}`);
  }
}
