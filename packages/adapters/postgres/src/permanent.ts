/**
 * Classes of SQLSTATE that stay the same however often one tries: data exceptions, violated constraints, wrong passwords,
 * mistakes in a statement, a limit of the program; and one code, a disk that is full.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const PERMANENT: readonly string[] = ['22', '23', '28', '3D', '42', '54', '53100'];

/** Whether trying a statement again cannot help, by its SQLSTATE. A lost connection has none, and may come back. */
export const isPermanent = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  error.code.length === 5 &&
  PERMANENT.some((known) => (error.code as string).startsWith(known));
