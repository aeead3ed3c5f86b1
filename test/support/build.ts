import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const clients = fileURLToPath(new URL('../clients', import.meta.url));

/**
 * The stories run the built program, so every run builds it once (types are `npm run check`'s business), and
 * they need the second Claude and the other versions of Node, which are no dependency of the product.
 */
export default function setup(): void {
  spawnSync('npx', ['--no-install', 'tsc', '-p', repository], { stdio: 'ignore', cwd: repository });
  if (existsSync(`${clients}/node_modules`)) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { stdio: 'inherit', cwd: clients });
  if (status !== 0) throw new Error(`npm ci in ${clients} failed`);
}
