import { expect, test } from 'vitest';
import { deliveryInfo } from './ack-subject.ts';

const expected = {
  stream: 'S',
  sequence: 12,
  attempt: 3,
  time: 1_700_000_000_123,
  pending: 4,
};

test.each([
  '$JS.ACK.S.c.3.12.99.1700000000123456789.4',
  '$JS.ACK._.account.S.c.3.12.99.1700000000123456789.4.random',
])('%s is read', (subject) => {
  expect(deliveryInfo(subject)).toEqual(expected);
});

test.each(['', '_INBOX.x', '$JS.ACK.S'])('%j is nothing', (subject) => {
  expect(deliveryInfo(subject)).toBeUndefined();
});
