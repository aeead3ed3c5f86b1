// npm run faults -- [--long [--soak-minutes 2]] [L6 L12 …]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { long: { type: 'boolean' }, 'soak-minutes': { type: 'string', default: '480' } },
  allowPositionals: true,
});
const lines = positionals.length > 0 ? ['-t', `(${positionals.join('|')}):`] : [];
const { status } = spawnSync(
  process.execPath,
  [
    fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url)),
    'run',
    '-c',
    'test/faults/vitest.config.ts',
    ...lines,
  ],
  {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: {
      ...process.env,
      FAULTS_LONG: values.long ? '1' : '0',
      FAULTS_SOAK_MINUTES: values['soak-minutes'],
    },
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
