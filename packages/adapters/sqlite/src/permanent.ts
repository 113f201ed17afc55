/** Result codes of SQLite that stay the same however often one tries: https://www.sqlite.org/rescode.html */
const PERMANENT: readonly string[] = [
  'SQLITE_AUTH',
  'SQLITE_CANTOPEN',
  'SQLITE_CONSTRAINT',
  'SQLITE_CORRUPT',
  'SQLITE_ERROR',
  'SQLITE_FULL',
  'SQLITE_MISMATCH',
  'SQLITE_MISUSE',
  'SQLITE_NOTADB',
  'SQLITE_PERM',
  'SQLITE_RANGE',
  'SQLITE_READONLY',
  'SQLITE_TOOBIG',
];

/** Whether trying a statement again cannot help. Extended codes such as `SQLITE_CONSTRAINT_UNIQUE` count as the plain one. */
export const isPermanent = (error: unknown): boolean => {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return false;
  const { code } = error;
  return PERMANENT.some((known) => code === known || code.startsWith(`${known}_`));
};
