import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const SCOPE = '@anthropic-ai';
const PACKAGE = 'claude-code';

/** As Claude's own install.cjs tells: glibc names itself in the process report, musl does not. */
function isMusl(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header !== undefined && report.header.glibcVersionRuntime === undefined;
}

function packageDirectory(file: string): string | undefined {
  // npm's .cmd shims stand beside the node_modules of their prefix.
  if (file.endsWith('.cmd')) return join(dirname(file), 'node_modules', SCOPE, PACKAGE);
  const directory = dirname(dirname(file));
  return basename(directory) === PACKAGE ? directory : undefined;
}

/**
 * The real binary behind a placeholder of Claude Code's npm package, or undefined. With install scripts off,
 * `bin/claude.exe` stays a 500-byte text that fails (measured, 2.1.197), while the binary lies in the package
 * of the platform: nested for a global npm installation, beside it otherwise (npm, pnpm).
 */
export function findPackagedBinary(file: string, platform: NodeJS.Platform): string | undefined {
  const directory = packageDirectory(file);
  if (directory === undefined) return undefined;
  const key = `${platform}-${process.arch}`;
  const binary = platform === 'win32' ? 'claude.exe' : 'claude';
  const found = (platform === 'linux' ? [key, `${key}-musl`] : [key])
    .flatMap((name) => [
      join(directory, 'node_modules', SCOPE, `${PACKAGE}-${name}`, binary),
      join(dirname(directory), `${PACKAGE}-${name}`, binary),
    ])
    .filter((path) => existsSync(path));
  const musl = found.find((path) => path.includes('-musl'));
  if (musl !== undefined && found.some((path) => path !== musl) && isMusl()) return musl;
  if (found[0] !== undefined) return found[0];
  const packaged = join(directory, 'bin', 'claude.exe');
  return file.endsWith('.cmd') && existsSync(packaged) ? packaged : undefined;
}
