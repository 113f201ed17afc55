/** Where the messages lie: only rows of one group promise the same when the power fails. */
export type DurableGroup = 'sqlite normal' | 'sqlite full' | 'postgres';
export const durableGroups: readonly DurableGroup[] = ['sqlite normal', 'sqlite full', 'postgres'];

/** Messages that are published at a time, and handled at a time: as many as may share a commit. */
export const AT_ONCE = 256;

/** What everybody carries: about 200 bytes of JSON. */
export type Order = {
  readonly n: number;
  readonly kind: string;
  readonly customer: { readonly id: string; readonly country: string };
  readonly items: readonly { readonly sku: string; readonly count: number }[];
  readonly paid: boolean;
  readonly note: string;
};

export const orderOf = (n: number): Order => ({
  n,
  kind: 'order',
  customer: { id: `customer-${n % 1_000}`, country: 'Iceland' },
  items: [
    { sku: `sku-${n % 97}`, count: 1 + (n % 3) },
    { sku: `sku-${n % 89}`, count: 2 },
  ],
  paid: n % 2 === 0,
  note: 'to be left with the neighbours on the first floor',
});

/** The work of the subscriber, the same for everybody. */
export type HandleOrder = (order: Order) => Promise<void>;

/** One pass over a place of its own: a file, or the name of a schema. */
export interface DurablePass {
  readonly place: string;
  readonly messages: number;
  readonly handle: HandleOrder;
}

/** Publishes the orders from 0 on, and has each handled and acknowledged. */
export interface DurableContender {
  readonly name: string;
  readonly role: 'dagger' | 'floor';
  readonly group: DurableGroup;
  /** Milliseconds from the first publication until each message was published, handled and acknowledged, all of it durably. */
  readonly run: (pass: DurablePass) => Promise<number>;
}
