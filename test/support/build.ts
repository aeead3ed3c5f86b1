import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** The stories run the built program, so every run builds it once. */
export default function setup(): void {
  execFileSync('npx', ['--no-install', 'tsc', '-p', repository], { stdio: 'inherit', cwd: repository });
}
