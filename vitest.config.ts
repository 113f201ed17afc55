import { defaultExclude, defineConfig } from 'vitest/config';

const LIBRARIES = 'packages/{core,pubsub,task-agent,threads,adapters/*}/**';

/** `*.test-d.ts` are compiled by `check-types`, never run. */
const tests = (where: string): string[] => [`${where}/{src,test}/**/*.test.ts`];

export default defineConfig({
  // Workspace packages are read from their sources, so that no test needs a build.
  // The rest are Vite's defaults for a server, which setting the list replaces.
  ssr: {
    resolve: { conditions: ['@dagger/source', 'module', 'node', 'development|production'] },
  },
  test: {
    // Native modules and tests that kill processes need processes of their own.
    pool: 'forks',
    globalSetup: ['tooling/vitest/compile-cache.ts'],
    // Many tests wait for processes that they start, so there are more of them than cores.
    maxWorkers: '150%',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        // They change nothing outside of themselves; a process that has read these packages once serves them all.
        test: { name: 'libraries', include: tests(LIBRARIES), isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'rest',
          include: tests('{packages,apps,tooling}/**'),
          exclude: [...defaultExclude, ...tests(LIBRARIES)],
        },
      },
    ],
  },
});
