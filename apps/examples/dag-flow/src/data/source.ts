import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const DATASET = 'dataset:';

const require = createRequire(import.meta.url);

/** The package exports its index only; its files lie beside it. */
export const datasetsPackage = (): string => dirname(dirname(require.resolve('vega-datasets')));

/** The path of a source: `dataset:weather.csv` is a file that vega-datasets ships, all else is a path. */
export const sourcePath = (source: string): string =>
  source.startsWith(DATASET)
    ? join(datasetsPackage(), 'data', source.slice(DATASET.length))
    : resolve(source);
