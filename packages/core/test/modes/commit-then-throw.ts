import { DagExecutor } from '../../src/executor/executor.ts';
import { sqlite } from '../../../adapters/sqlite/src/index.ts';
import { faultyStorage } from '../../../testing/src/index.ts';

/**
 * A mode for the ordinary tests: whoever opens an executor without storage gets one in which every single commit succeeds and
 * then throws, as when the connection is lost before the answer comes. Nobody may notice.
 */
const open = DagExecutor.open.bind(DagExecutor);

DagExecutor.open = (options) =>
  open({
    ...options,
    storage:
      options.storage ??
      faultyStorage(sqlite('sqlite::memory:'), { fault: { type: 'commit-then-throw' }, every: 1 }),
  });
