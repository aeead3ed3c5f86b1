import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** The stories run the built program, so every run builds it once. Types are `npm run check`'s business. */
export default function setup(): void {
  spawnSync('npx', ['--no-install', 'tsc', '-p', repository], { stdio: 'ignore', cwd: repository });
}
