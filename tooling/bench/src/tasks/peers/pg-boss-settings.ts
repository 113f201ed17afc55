import type { ConstructorOptions, WorkOptions } from 'pg-boss';

/** How it is opened, whether its queue notifies, and how it works. */
export interface BossSettings {
  readonly boss: Partial<ConstructorOptions>;
  readonly notify: boolean;
  readonly work: WorkOptions;
}

/** What its manual has for throughput and for latency; of the batch sizes and concurrencies the best that was found. */
export const BATCHED: BossSettings = {
  boss: { useListenNotify: true },
  notify: true,
  work: { batchSize: 500, burstWhenBatchFull: true, localConcurrency: 4 },
};
/** One by one it goes on without a pause only while its statistics, which are as fresh as can be, say that there is more. */
export const PLAIN: BossSettings = {
  boss: {
    max: 25,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    queueCacheIntervalSeconds: 1,
  },
  notify: false,
  work: {
    batchSize: 1,
    localConcurrency: 24,
    burstWhenReadyExceeds: 1,
    pollingIntervalSeconds: 0.5,
  },
};
/** Tasks that no longer wait are not notified of; they are looked for as often as it allows. */
export const FLOW: BossSettings = {
  boss: { flowIntervalSeconds: 1 },
  notify: false,
  work: {
    batchSize: 500,
    burstWhenBatchFull: true,
    localConcurrency: 4,
    pollingIntervalSeconds: 0.5,
  },
};
