/** Writes to stdout and waits until the system has taken it, so that the process may exit. */
export type Print = (text: string) => Promise<void>;

const printer =
  (write: typeof process.stdout.write): Print =>
  (text) =>
    // A reader that went away is told by the error, which is no failure of ours.
    new Promise((resolve) => void write(text, () => resolve()));

export const print: Print = (text) => printer(process.stdout.write.bind(process.stdout))(text);

/**
 * Keeps stdout for the one who calls: whatever others print there, such as the `console.log` of an action, goes to
 * stderr from now on.
 */
export const reserveStdout = (): Print => {
  const reserved = printer(process.stdout.write.bind(process.stdout));
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return reserved;
};

/** `dagger … | head` closes the pipe early; a command must neither crash nor give up its work for that. */
export const surviveClosedPipes = (): void => {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    });
};
