import type { PendingInput, WaitingNode } from '@dagger/core';
import { oneLine } from '../escape.ts';

const LONGEST_PROMPT = 200;
const LONGEST_DETAILS = 300;

const untilText = ({ due, onTimeout, expired }: WaitingNode): string => {
  if (due === null) return 'without end';
  if (expired) return `its time ended ${due}, an answer still counts`;
  return `until ${due}, then ${onTimeout === 'autopilot' ? 'it goes on without an answer' : 'the run pauses'}`;
};

/** Who waits for what. */
export const waitText = (node: WaitingNode): string =>
  `waiting at ${oneLine(node.nodeId)}: ${oneLine(node.prompt, LONGEST_PROMPT)} (${untilText(node)})`;

/** All that a person needs to decide, in lines. */
export const waitLines = (node: WaitingNode): readonly string[] => [
  waitText(node),
  `  since ${node.since}`,
  ...(node.details === null
    ? []
    : [`  details ${oneLine(JSON.stringify(node.details), LONGEST_DETAILS)}`]),
];

const commandText = ({ command }: PendingInput): string => {
  switch (command.type) {
    case 'GiveInput': {
      const { decision, nodeId, data, by, reason } = command;
      const what = data === undefined ? '' : ` ${oneLine(JSON.stringify(data), LONGEST_DETAILS)}`;
      const who = by === undefined ? '' : ` by ${oneLine(by, 80)}`;
      const why = reason === undefined ? '' : `: ${oneLine(reason, LONGEST_PROMPT)}`;
      return `${decision} ${oneLine(nodeId)}${what}${who}${why}`;
    }
    case 'PauseBranch':
    case 'ResumeBranch':
    case 'CancelBranch':
      return `${command.type} ${oneLine(command.branchId)}`;
    default:
      return command.type;
  }
};

/** A command whose time has not come. */
export const pendingText = (pending: PendingInput): string =>
  pending.sentAt === null
    ? `${commandText(pending)} (kept until the node asks)`
    : `${commandText(pending)} (stored ${pending.sentAt}, not taken up yet)`;
