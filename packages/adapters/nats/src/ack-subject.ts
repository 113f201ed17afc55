/** What the server says of a delivery in the subject to which it wants the acknowledgement. */
export interface DeliveryInfo {
  readonly stream: string;
  readonly sequence: number;
  /** How often it was delivered, this time included. */
  readonly attempt: number;
  /** When the message was stored; milliseconds since the Unix epoch. */
  readonly time: number;
  /** Messages of the consumer that come after it. */
  readonly pending: number;
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<attempt>.<sequence>.<delivery>.<nanoseconds>.<pending>`; servers that know domains have
 * `<domain>.<account>` before the stream. Undefined for anything else.
 */
export const deliveryInfo = (subject: string): DeliveryInfo | undefined => {
  const parts = subject.split('.');
  if (parts[0] !== '$JS' || parts[1] !== 'ACK') return undefined;
  const from = parts.length === 9 ? 2 : 4;
  if (parts.length < from + 7) return undefined;
  return {
    stream: parts[from] ?? '',
    sequence: Number(parts[from + 3]),
    attempt: Number(parts[from + 2]),
    // Too many digits for a number, and six of them not wanted.
    time: Number(parts[from + 5]?.slice(0, -6)),
    pending: Number(parts[from + 6]),
  };
};
