import { DaggerError, type JsonValue } from '@dagger/core';
import type { Observable, Subscription } from 'rxjs';
import { DEFAULT_CAPACITY } from '../channel/options.ts';
import { checkSubject } from '../subject/subject.ts';

/** An observable whose values are published. */
export interface Source extends Subscription {
  /** Resolves when the observable has completed and everything is published; rejects with what ended it. */
  readonly done: Promise<void>;
}

/**
 * Publishes what an observable gives, in order. An observable cannot be held up: what comes faster than there is room for waits
 * here, up to the capacity of a queue, and beyond that ends the subscription with CHANNEL_FULL.
 */
export const publishFrom = (
  source$: Observable<JsonValue>,
  channel: string,
  publish: (payload: JsonValue) => Promise<unknown>,
): Source => {
  checkSubject(channel);
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let finish!: () => void;
  let fail!: (error: unknown) => void;
  const done = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  // Not everybody looks.
  done.catch(() => {});
  const end = (error: unknown): void => {
    fail(error);
    subscription.unsubscribe();
  };
  const subscription = source$.subscribe({
    next: (payload) => {
      if (waiting >= DEFAULT_CAPACITY) {
        const reason = `'${channel}' is slower than its source: ${waiting} messages wait`;
        end(new DaggerError('CHANNEL_FULL', reason));
        return;
      }
      waiting++;
      last = last.then(() => publish(payload)).then(() => waiting--, end);
    },
    error: fail,
    complete: () => void last.then(finish),
  });
  return Object.assign(subscription, { done });
};
