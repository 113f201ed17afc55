import { concatMap, Subject } from 'rxjs';
import { deferred, type Deferred } from '../../deferred.ts';
import { payloadOf, type BusContender, type Payload } from '../contender.ts';

/**
 * A Subject, and a concatMap for each subscriber. RxJS has no backpressure: what is not handled lies in the operator. So the publisher
 * of a stream publishes as many as may wait, and goes on when all of them are handled.
 */
export const rxjs: BusContender = {
  name: 'rxjs',

  async open({ subscribers, capacity, handle }) {
    const subject = new Subject<Payload>();
    let handled = 0;
    let wave: { readonly end: number; readonly over: Deferred<void> } | undefined;
    for (let subscriber = 0; subscriber < subscribers; subscriber += 1)
      subject.pipe(concatMap((payload) => handle(subscriber, payload))).subscribe(() => {
        handled += 1;
        if (handled === wave?.end) wave.over.resolve();
      });
    const burst = (first: number, messages: number): void => {
      for (let n = first; n < first + messages; n += 1) subject.next(payloadOf(n));
    };
    return {
      stream: async (first, messages) => {
        for (let at = first; at < first + messages; at += capacity) {
          const share = Math.min(capacity, first + messages - at);
          const over = deferred<void>();
          wave = { end: handled + share * subscribers, over };
          burst(at, share);
          await over.promise;
        }
      },
      burst,
      close: async () => subject.complete(),
    };
  },
};
