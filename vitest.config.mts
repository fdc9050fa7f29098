import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/bundle-assets.ts'],
    // The built-in template validator takes 2 s a synth; test/gates runs with it on.
    env: { CDK_VALIDATION: 'false' },
    isolate: false,
    // The longest file waits for processes of its own for most of its time.
    maxWorkers: 2,
    // Each of them is a pair with a dozen processes: more at once only starve each other.
    maxConcurrency: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
