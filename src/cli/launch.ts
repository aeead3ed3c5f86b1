import { fileURLToPath } from 'node:url';
import { launchClaude } from '../claude/launch.ts';
import { type LaunchPlan, planLaunch } from '../claude/plan.ts';
import type { Served } from '../claude/server-entry.ts';
import { Failure } from '../errors.ts';
import { readOwnFile } from '../files.ts';
import type { Context } from './context.ts';
import { ENTRY } from './entry.ts';

const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a launch has in hand when claude starts. */
interface Ready {
  readonly roots: string | undefined;
  readonly daemon: Served | undefined;
}

/** The roots of an earlier run, for a start without the rest. */
function readRoots({ paths }: Context): string | undefined {
  try {
    return readOwnFile(paths.caBundle, { secret: false });
  } catch {
    return undefined;
  }
}

async function makeReady(context: Context, needs: LaunchPlan['needs']): Promise<Ready> {
  // Imported for who needs them: undici is most of a launch.
  if (needs === 'certificate') {
    const { ensureCertificates } = await import('./ensure-certificates.ts');
    return { roots: (await ensureCertificates(context)).roots, daemon: undefined };
  }
  const [{ ensureRunning }, { enabledUpstreams }] = await Promise.all([
    import('./ensure-running.ts'),
    import('./served-upstreams.ts'),
  ]);
  const { certificates, daemon, target } = await ensureRunning(context);
  if (certificates.outcome === 'created') {
    const where = `https://127.0.0.1:${daemon.port}`;
    context.warn(`made a certificate in ${context.paths.certificates} and started the daemon on ${where}`);
  }
  const upstreams = await enabledUpstreams(context, target);
  return { roots: certificates.roots, daemon: { port: daemon.port, upstreams } };
}

/** Without a certificate or a daemon Claude still starts, and the person reads why our server is missing. */
async function makeReadyOrWarn(context: Context, needs: LaunchPlan['needs']): Promise<Ready> {
  if (needs === 'nothing') return { roots: undefined, daemon: undefined };
  try {
    return await makeReady(context, needs);
  } catch (error) {
    if (!(error instanceof Failure) || context.config.require) throw error;
    const [what, ...details] = error.message.split('\n');
    const first = `${what} (${error.code}); Claude starts without our server`;
    context.warn([first, ...details].join('\n'));
    context.warn(`hint: ${error.hint}`);
    return { roots: readRoots(context), daemon: undefined };
  }
}

async function printOurHelp(context: Context, plan: LaunchPlan): Promise<void> {
  const [first] = plan.argv;
  if (plan.route.kind !== 'information' || (first !== '-h' && first !== '--help')) return;
  const { helpText } = await import('./help.ts');
  context.print(`${helpText()}\nClaude's own:\n\n`);
}

/** The real Claude Code, with our server connected and signed in. Returns claude's exit status. */
export async function launch(
  context: Context,
  { argv, verbatim }: { argv: readonly string[]; verbatim: boolean },
): Promise<number> {
  const { config, env, paths, cwd } = context;
  const plan = planLaunch({ argv, verbatim, config, env, paths, packageRoot: PACKAGE_ROOT });
  if (!verbatim) await printOurHelp(context, plan);
  const ready = await makeReadyOrWarn(context, plan.needs);
  return launchClaude({
    ...ready,
    plan,
    config,
    env,
    cwd,
    paths,
    helperCommand: [process.execPath, ENTRY],
    warn: context.warn,
  });
}
