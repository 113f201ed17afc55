/** A schedule did what must not be. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export const violated = (message: string): never => {
  throw new Violation(message);
};
