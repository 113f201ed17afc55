import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The ordinary tests of core, run again with the engine made to suffer. */
const mode = (name: string): { readonly extends: true; readonly test: object } => ({
  extends: true,
  test: { name, setupFiles: [`packages/core/test/modes/${name}.ts`] },
});

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['packages/core/src/**/*.test.ts', 'packages/core/test/**/*.test.ts'],
    testTimeout: 60_000,
    projects: [mode('recover-after-every-event'), mode('commit-then-throw')],
  },
});
