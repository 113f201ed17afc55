/** One target beside the number that was measured; `met` is null where the number is not there. */
export interface Verdict {
  readonly name: string;
  readonly value: number | null;
  readonly target: string;
  readonly met: boolean | null;
}

export function atMost(name: string, value: number | null, bound: number): Verdict {
  return { name, value, target: `at most ${bound}`, met: value === null ? null : value <= bound };
}

export function atLeast(name: string, value: number | null, bound: number): Verdict {
  return { name, value, target: `at least ${bound}`, met: value === null ? null : value >= bound };
}

export function below(name: string, value: number | null, bound: number): Verdict {
  return { name, value, target: `below ${bound}`, met: value === null ? null : value < bound };
}

export function above(name: string, value: number | null, bound: number): Verdict {
  return { name, value, target: `above ${bound}`, met: value === null ? null : value > bound };
}

export function verdictWord({ met }: Verdict): string {
  if (met === null) return '';
  return met ? 'met' : 'missed';
}
