import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { addMessagesApprove } from './messages/approve.ts';
import { addChannels, addGroups } from './messages/groups.ts';
import { addMessagesList } from './messages/list.ts';
import { addMessagesPrune } from './messages/prune.ts';
import { addRedrive } from './messages/redrive.ts';
import { addMessagesReject } from './messages/reject.ts';
import { addRemoveGroup } from './messages/remove-group.ts';
import { addReplay } from './messages/replay.ts';
import { addReviews } from './messages/reviews.ts';
import { addMessagesShow } from './messages/show.ts';
import { addMessagesTree } from './messages/tree.ts';

const help = `
Example:
  dagger messages list --storage bus.db
  dagger messages groups --storage bus.db
  dagger messages list --dead --storage bus.db
  dagger messages redrive --all --agent charge --storage bus.db
  dagger messages reviews --storage bus.db

Messages are those of channels of the package @dagger/pubsub that are kept in a database; it must be installed. Each has an
id and an offset, its place among all; of an id that is not there, the one that was meant is named if only one begins so.
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command.addHelpText('after', help);
  for (const add of [
    addMessagesList,
    addMessagesShow,
    addMessagesTree,
    addGroups,
    addChannels,
    addRedrive,
    addReplay,
    addReviews,
    addMessagesApprove,
    addMessagesReject,
    addMessagesPrune,
    addRemoveGroup,
  ])
    add(command, finish);
};
