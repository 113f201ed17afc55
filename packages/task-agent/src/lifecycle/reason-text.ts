import type { StoredReason } from './reason.ts';

/** A reason in words, without the task itself: `its agent cannot go on: …`. */
export const reasonText = (reason: StoredReason): string => {
  switch (reason.kind) {
    case 'agent':
      return `its agent cannot go on: ${reason.message}`;
    case 'crash':
      return `its worker (${reason.worker}) died and it must not run twice without a decision`;
    case 'paused':
      return reason.message === null
        ? 'its job is paused'
        : `held${reason.message === '' ? '' : `: ${reason.message}`}`;
    case 'dependency':
      return `'${reason.taskId}', which it needs, did not succeed`;
    case 'cancelled':
      return reason.message;
    case 'review':
      return reason.reviewer === null
        ? 'a person is to accept or reject it'
        : `'${reason.reviewer}' reviews it`;
    case 'sent back':
      return `sent back: ${reason.message}`;
  }
};
