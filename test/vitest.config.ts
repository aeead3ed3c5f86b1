import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    globalSetup: ['./support/build.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers only make the deadlines of real processes tighter.
    maxWorkers: 2,
    restoreMocks: true,
  },
});
