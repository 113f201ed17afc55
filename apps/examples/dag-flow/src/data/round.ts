/** Rounds for people: figures of a report need no noise of binary fractions. */
export const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
