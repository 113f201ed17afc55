import type { DefinitionPath, DiagnosticCode } from '../diagnostic.ts';

/** A problem of the text, before it has a line. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly offset: number;
  readonly path: DefinitionPath;
}

export const finding = (
  code: DiagnosticCode,
  message: string,
  offset: number,
  path: DefinitionPath = [],
): Finding => ({
  severity: 'error',
  code,
  message,
  offset,
  path,
});
