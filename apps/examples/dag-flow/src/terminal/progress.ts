import type { ExecutionEvent, Logger } from '@dagger/core';
import pc from 'picocolors';

const WIDTH = 9;

export interface Progress {
  readonly onEvent: (event: ExecutionEvent) => void;
  readonly logger: Logger;
}

/** Tells a run line by line; on a terminal, how far a node is overwrites itself. */
export const liveProgress = (out: NodeJS.WriteStream): Progress => {
  const started = new Map<string, number>();
  let transient = false;
  const line = (word: string, rest: string, passing = false): void => {
    if (transient) out.write('\r\u001B[2K');
    transient = passing && out.isTTY;
    out.write(`  ${word.padEnd(WIDTH)}${rest}${transient ? '' : '\n'}`);
  };
  return {
    onEvent(event) {
      switch (event.type) {
        case 'NodeStarted':
          started.set(event.nodeId, event.at);
          return line('start', event.nodeId);
        case 'NodeProgress':
          return line(
            `${Math.round(event.fraction * 100)} %`,
            `${event.nodeId} ${pc.dim(event.message ?? '')}`,
            true,
          );
        case 'NodeCompleted':
          return line(
            pc.green('done'.padEnd(WIDTH)),
            `${event.nodeId} ${pc.dim(`${event.at - (started.get(event.nodeId) ?? event.at)} ms`)}`,
          );
        case 'NodeRetrying':
          return line(
            pc.yellow('retry'.padEnd(WIDTH)),
            `${event.nodeId} in ${event.delayMs} ms: ${event.error.message}`,
          );
        case 'NodeFailed':
          return line(pc.red('failed'.padEnd(WIDTH)), `${event.nodeId}: ${event.error.message}`);
        case 'NodeSkipped':
          return line('skipped', `${event.nodeId}: ${event.reason}`);
        case 'NodesAdded':
          return line('grow', event.nodes.map((node) => node.id).join(', '));
        default:
      }
    },
    logger: (_level, message, fields) => line('log', `${fields['nodeId'] as string}: ${message}`),
  };
};
