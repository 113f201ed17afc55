/** A piece of text that can be cited. */
export interface Passage {
  /** `file#place#number` */
  readonly id: string;
  /** Of the World Factbook, such as `africa/eg.json`. */
  readonly file: string;
  readonly country: string;
  /** The headings above it, such as `Geography > Natural hazards`. */
  readonly place: string;
  /** Its number among the paragraphs of that place, from 1. */
  readonly number: number;
  readonly text: string;
}

/** Where a passage stands, for readers. */
export const sourceOf = ({ file, place, number }: Passage): string =>
  `${file}, ${place}, paragraph ${number}`;
