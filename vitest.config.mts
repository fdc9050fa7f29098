import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/bundle-assets.ts'],
    // The built-in template validator takes 2 s a synth; test/gates runs with it on.
    env: { CDK_VALIDATION: 'false' },
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
