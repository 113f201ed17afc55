import type * as PubSub from '@dagger/pubsub';
import { optionalPackage } from '../optional-package.ts';

/** What `@dagger/pubsub` exports. It may be absent, so it is loaded by the commands that need it. */
export type PubSubPackage = typeof PubSub;

/** @throws InvalidCommandLine saying what to install */
export const pubSubPackage = (): Promise<PubSubPackage> =>
  optionalPackage('@dagger/pubsub', () => import('@dagger/pubsub'));
