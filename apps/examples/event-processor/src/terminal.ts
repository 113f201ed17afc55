import { createInterface } from 'node:readline/promises';
import type { PubSubExecutor } from '@dagger/pubsub';
import { map, merge } from 'rxjs';
import type { Decide } from './desk.ts';
import type { Bulletin } from './schemas.ts';

const text = (payload: unknown): string => (payload as Bulletin).text;

/** Prints what goes out, what is kept back and what is of no use, as it happens. */
export const watch = (bus: PubSubExecutor): void => {
  const at = (pattern: string) => bus.channel(pattern).messages$;
  merge(
    at('sent').pipe(map(({ payload }) => `sent       ${text(payload)}`)),
    at('dead.bulletin').pipe(map(({ payload }) => `kept back  ${text(payload)}`)),
    at('dead.log').pipe(map(({ payload }) => `no event   ${(payload as { id: string }).id}`)),
  ).subscribe((line) => console.log(line));
};

/** Asks whoever sits at the terminal. */
export const askPerson: Decide = async (bulletin) => {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const answer = await terminal.question(`send '${bulletin.text}'? [Y/n] `);
  terminal.close();
  return answer.trim().toLowerCase().startsWith('n') ? 'a person said no' : null;
};
