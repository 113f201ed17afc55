import { PALETTE, type Colours } from '@dagger/core/kernel';
import type { TaskState } from '../lifecycle/states.ts';

/** As runs are coloured, with what only tasks can be in between. */
export const TASK_COLOURS: { readonly [S in TaskState]: Colours } = {
  pending: PALETTE.pending,
  ready: PALETTE.ready,
  in_progress: PALETTE.running,
  blocked: PALETTE.waiting,
  in_review: { fill: '#fce7f3', line: '#db2777' },
  paused: PALETTE.retrying,
  completed: PALETTE.succeeded,
  accepted: { fill: '#bbf7d0', line: '#15803d' },
  rejected: { fill: '#ffedd5', line: '#ea580c' },
  failed: PALETTE.failed,
  cancelled: PALETTE.cancelled,
  skipped: PALETTE.skipped,
};
