export type { NatsOptions } from './options.ts';
export { natsTransport, NatsTransport } from './transport.ts';
