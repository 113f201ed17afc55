import type { Logger } from '@dagger/core';
import { oneLine } from './escape.ts';

/** Log lines of actions on stderr: warnings and errors always, the rest for the curious. */
export const logLines =
  (verbose: boolean): Logger =>
  (level, message, fields) => {
    if (!verbose && level !== 'warn' && level !== 'error') return;
    const node = fields['nodeId'];
    console.error(
      `${level} ${typeof node === 'string' ? `${oneLine(node)}: ` : ''}${oneLine(message, 2_000)}`,
    );
  };
