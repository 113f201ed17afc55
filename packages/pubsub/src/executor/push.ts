import { DaggerError, type JsonValue } from '@dagger/core';
import { Observable, Subject, takeUntil } from 'rxjs';
import type { Source } from './source.ts';

export interface PushOptions {
  readonly channel: string;
  readonly capacity: number;
  readonly publish: (payload: JsonValue) => Promise<unknown>;
}

/** Publishes what an observable gives, one after the other. What has to wait for that waits here. */
export const pushFrom = (
  source$: Observable<JsonValue>,
  { channel, capacity, publish }: PushOptions,
): Source => {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  let hasFailed = false;
  let finish!: () => void;
  let fail!: (error: unknown) => void;
  const done = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  // Not everybody looks.
  done.catch(() => {});
  // It may have to end before `subscribe` has returned.
  const enough = new Subject<void>();
  const end = (error: unknown): void => {
    fail(error);
    enough.next();
  };
  const publishNext = async (payload: JsonValue): Promise<void> => {
    if (hasFailed) return;
    try {
      await publish(payload);
    } catch (error) {
      hasFailed = true;
      end(error);
    }
    waiting--;
  };
  // Whatever has `subscribe` will do, also without `pipe`.
  const values = new Observable<JsonValue>((subscriber) => source$.subscribe(subscriber));
  const subscription = values.pipe(takeUntil(enough)).subscribe({
    next: (payload) => {
      if (waiting >= capacity) {
        const reason = `'${channel}' is slower than its source: ${waiting} messages wait`;
        end(new DaggerError('CHANNEL_FULL', reason));
        return;
      }
      waiting++;
      last = last.then(() => publishNext(payload));
    },
    error: fail,
  });
  // It has come to its end, or somebody wants no more.
  subscription.add(() => void last.then(finish));
  return Object.assign(subscription, { done });
};
