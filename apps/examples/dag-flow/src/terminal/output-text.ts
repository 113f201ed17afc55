import type { RunReport } from '@dagger/core';

/** An output of a node for people: a text as it is, all else as JSON. */
export const outputText = (report: RunReport, node: string, output: string): string => {
  const value = report.node(node)?.outputs?.[output];
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
};
