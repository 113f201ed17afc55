import type { Diagnostic } from '../graph/diagnostic.ts';
import { DaggerError } from '../errors.ts';
import type { DagConfig, DagConfigInput } from './model.ts';
import { parseConfig } from './parse.ts';
import { DEFAULT_EXPONENTIAL } from './retry-strategy.ts';

export const DEFAULT_CONFIG: DagConfig = Object.freeze({
  maxAttempts: 3,
  onFailure: 'pause',
  timeoutSeconds: 3_600,
  maxParallelNodes: 50,
  enableParallelExecution: true,
  nodeOrder: 'critical_path',
  retryStrategy: DEFAULT_EXPONENTIAL,
  retryJitter: true,
  maxRetryDuration: null,
  humanWaitMinutes: null,
  humanTimeoutAction: 'pause',
  maxTokens: null,
  maxNodes: null,
  maxDependencyDepth: null,
  maxOutputBytes: null,
  maxIterations: 50,
  reviewFrequency: 5,
  gracePeriod: 5,
  enableIncrementalCache: true,
  cacheSnapshotInterval: 60,
});

/**
 * Lays levels of settings over the defaults: a later level wins, an absent or undefined key keeps what is below.
 * @throws DaggerError CONFIG_INVALID naming each field, its value and its bound.
 */
export const mergeConfig = (...levels: readonly (DagConfigInput | undefined)[]): DagConfig => {
  const problems: Diagnostic[] = [];
  let merged: DagConfig = DEFAULT_CONFIG;
  for (const level of levels) {
    if (level === undefined) continue;
    // Every key of what parseConfig returns is good and in its canonical form.
    merged = { ...merged, ...(parseConfig(level, problems, ['config']) as Partial<DagConfig>) };
  }
  if (problems.length > 0)
    throw new DaggerError('CONFIG_INVALID', problems.map((p) => p.message).join('; '));
  return Object.freeze(merged);
};
