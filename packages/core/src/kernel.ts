/**
 * What dagger's own packages share: unstable, and not for applications. It may change with any release of core.
 */
export { checkAction } from './actions/action.ts';
export { nodeLogger } from './actions/logger.ts';
export { DEFAULT_EXPONENTIAL, readRetryStrategy } from './config/retry-strategy.ts';
export { Timers } from './coordinator/timers.ts';
export { EventStream } from './coordinator/event-stream.ts';
export { closest } from './graph/compile.ts';
export { describeValue } from './graph/describe.ts';
export { canonicalJson, checkJson, ownJson, sealJson, sealParsed } from './json.ts';
export { baseDelay, isRetryWanted } from './run/retry.ts';
export { compileSchema, describeSchema, type Validator } from './schema/validator.ts';
export { among, each, type Cell, type Kind } from './storage/each.ts';
export { insist, type Insistence } from './storage/insist.ts';
export { isDead, newOwner } from './storage/owner.ts';
export { briefJson, shorten } from './trace/brief-json.ts';
export { dotLabel } from './trace/dot.ts';
export { cleanLine } from './trace/label.ts';
export { mermaidLabel } from './trace/mermaid.ts';
export { PALETTE, type Colours } from './trace/palette.ts';
