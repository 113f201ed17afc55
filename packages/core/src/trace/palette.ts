import type { NodeStatus } from '../run/status.ts';

export interface Colours {
  readonly fill: string;
  readonly line: string;
}

/** `planned` is a node without a run. Light fills, so that black text reads on all of them. */
export const PALETTE: { readonly [S in NodeStatus | 'planned']: Colours } = {
  planned: { fill: '#f8fafc', line: '#64748b' },
  pending: { fill: '#f1f5f9', line: '#94a3b8' },
  ready: { fill: '#e0f2fe', line: '#0284c7' },
  running: { fill: '#dbeafe', line: '#2563eb' },
  retrying: { fill: '#fef3c7', line: '#d97706' },
  waiting: { fill: '#ede9fe', line: '#7c3aed' },
  succeeded: { fill: '#dcfce7', line: '#16a34a' },
  failed: { fill: '#fee2e2', line: '#dc2626' },
  skipped: { fill: '#f5f5f4', line: '#a8a29e' },
  cancelled: { fill: '#fae8ff', line: '#c026d3' },
};
