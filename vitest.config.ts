import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Workspace packages are read from their sources, so that no test needs a build.
  // The rest are Vite's defaults for a server, which setting the list replaces.
  ssr: {
    resolve: { conditions: ['@dagger/source', 'module', 'node', 'development|production'] },
  },
  test: {
    // `*.test-d.ts` are compiled by `check-types`, never run.
    include: [
      'packages/**/src/**/*.test.ts',
      'packages/**/test/**/*.test.ts',
      'apps/**/test/*.test.ts',
      'tooling/**/test/*.test.ts',
    ],
    // Native modules and tests that kill processes need processes of their own.
    pool: 'forks',
    globalSetup: ['tooling/vitest/compile-cache.ts'],
    // Many tests wait for processes that they start; all cores have something to do.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
