import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { TableReporter } from './table-reporter.ts';

/** The fault matrix alone and one line after the other: what is measured has the machine to itself. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..'),
    include: ['faults/**/*.{fault,test}.ts'],
    globalSetup: ['./support/build.ts'],
    hookTimeout: 60_000,
    fileParallelism: false,
    reporters: ['default', new TableReporter()],
  },
});
