import type { TraceEntry } from '@dagger/pubsub';
import { Option, type Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { findTree } from '../../messages/find.ts';
import { treeText } from '../../messages/message-tree.ts';
import { openMessages, type OpenMessages } from '../../messages/open-messages.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { print } from '../../output.ts';

interface TreeOptions {
  readonly dot?: true;
  readonly mermaid?: true;
  readonly json?: true;
  readonly storage?: string;
}

const asText = async (
  { channels, pubsub }: OpenMessages,
  correlationId: string,
  asked: string,
): Promise<string> => {
  const entries = await channels.inspect.trace(correlationId);
  const stored = await channels.messages({ correlationId, limit: entries.length });
  const offsets = new Map(stored.map(({ message, offset }) => [message.id, offset]));
  const holds = await channels.holds.list();
  const waiting = new Set(holds.map(({ message }) => message.id));
  return treeText(entries, { offsets, waiting, asked }, pubsub);
};

const tree = async (which: string, { dot, mermaid, json, storage }: TreeOptions): Promise<void> => {
  await using open = await openMessages(storage);
  const { channels, pubsub } = open;
  const correlationId = await findTree(open, which);
  const trace = (): Promise<readonly TraceEntry[]> => channels.inspect.trace(correlationId);
  if (dot === true) await print(pubsub.traceToDot(await trace()));
  else if (mermaid === true) await print(pubsub.traceToMermaid(await trace()));
  else if (json === true)
    await print(`${JSON.stringify(pubsub.traceToJson(await trace()), null, 2)}\n`);
  else await print(`${await asText(open, correlationId, which)}\n`);
};

const help = `
Example:
  dagger messages tree 8d2c0f5e-5a4f-4f0e-9d0b-1f8f3c6a7b21 --storage bus.db
  dagger messages tree 42 --dot --storage bus.db | dot -Tsvg > tree.svg

The whole causal tree of a message: a line per message, below the one that caused it, with those who have handled it, have
it now, are to try again or gave up, as far as that is kept. One that waits for a person, or was not let through as it was,
is not published and stands there too.
`;

export const addMessagesTree = (messages: Command, finish: (code: ExitCode) => void): void => {
  messages
    .command('tree')
    .description('show which message caused which')
    .argument('<message>', 'the id or the offset of any message of the tree')
    .addOption(new Option('--dot', 'draw it for Graphviz').conflicts(['mermaid', 'json']))
    .addOption(new Option('--mermaid', 'draw it as a Mermaid flowchart').conflicts('json'))
    .addOption(storageOption())
    .addOption(jsonOption('its messages and the links between them'))
    .addHelpText('after', help)
    .action(async (which: string, options: TreeOptions) => {
      await tree(which, options);
      finish(ExitCode.SUCCESS);
    });
};
