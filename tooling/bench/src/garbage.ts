import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A full collection between rounds, so that nobody pays for the round before; without a flag on the command line. */
export const collectGarbage: () => void = exposeGc();

function exposeGc(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  return () => gc();
}
