/** The code of an error of Node (`EPERM`) or of the server (an SQLSTATE). */
export const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
