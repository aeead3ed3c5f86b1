import { type Certificates, ensureCertificate } from '../certificate/ensure.ts';
import type { StatusReport } from '../control.ts';
import { candidatePorts, keepPort, readStoredPort } from '../daemon/port.ts';
import { portTaken } from '../daemon/port-taken.ts';
import { probeDaemon } from '../daemon/probe.ts';
import { Failure } from '../errors.ts';
import { ensurePrivateDirectory } from '../files.ts';
import { type Log, openLog } from '../log.ts';
import { certificateText } from './cert.ts';
import type { Context, RunCommand } from './context.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves with the first signal to end; a second one ends the process at once, as the system does. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) process.once(signal, resolve);
  });
}

type Bound = Awaited<ReturnType<typeof import('../server/bind.ts')['bindPort']>>;

const running = (port: number, who = ''): Failure =>
  new Failure('DAEMON_RUNNING', `the daemon runs already on https://127.0.0.1:${port}${who}`);

/** Tries one port after the other; one that our own daemon already serves ends the search (design 3). */
async function bindFirst(
  bind: (port: number) => Promise<Bound>,
  { config, paths }: Context,
  roots: string,
): Promise<Bound> {
  const ports = candidatePorts(config.port, readStoredPort(paths));
  for (const port of ports) {
    try {
      return await bind(port);
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'PORT_TAKEN')) throw error;
    }
    const probe = await probeDaemon({ port, roots });
    if (probe.state === 'ours') throw running(port, ` (pid ${probe.health.pid})`);
    if (probe.state === 'unhealthy' && probe.reason === 'starting') throw running(port);
  }
  throw portTaken(paths, config);
}

/** Who asked for this daemon: the launcher says so in the environment, else it is a person in a terminal. */
function readStartedBy({ env, cwd }: Context): StatusReport['startedBy'] {
  try {
    const { label, cwd: where, pid } = JSON.parse(env.CLAUDE_SECURE_STARTED_BY ?? '');
    return { label: String(label), cwd: String(where), pid: Number(pid) };
  } catch {
    return { label: 'claude-secure serve', cwd, pid: process.ppid };
  }
}

function welcome(context: Context, url: string, { outcome, report }: Certificates): void {
  if (outcome === 'created') {
    context.print(`made a certificate in ${context.paths.certificates}\n`);
    context.print(certificateText(report, context.paths));
  }
  context.print(`listening on ${url} (MCP at ${url}/mcp, SSE at ${url}/mcp/sse)\n`);
}

async function runDaemon(context: Context, log: Log): Promise<number> {
  const { config, paths } = context;
  const interrupted = nextSignal();
  const certificates = await ensureCertificate(paths, { hostnames: config.hostnames });
  const [{ chooseEngine }, { bindPort }, server] = await Promise.all([
    import('../server/choose.ts'),
    import('../server/bind.ts'),
    import('../server/serve.ts'),
  ]);
  const engine = await chooseEngine(config.engine);
  const bind = (port: number): Promise<Bound> =>
    bindPort(engine, { host: config.host, port, credentialsFile: paths.identity, log });
  const bound = await bindFirst(bind, context, certificates.roots);
  // Warnings come before the daemon is healthy: the launcher that waits for it passes them on.
  for (const notice of certificates.notices) context.warn(notice);
  if (config.host !== '127.0.0.1') context.warn('other machines can connect to this daemon');
  try {
    // Two first starts at once may each have got a port: a slow winner looks like a stranger to the other.
    const kept = keepPort(paths, bound.listener.port, config.port);
    if (kept !== bound.listener.port) throw running(kept);
    const startedBy = readStartedBy(context);
    const daemon = await server.serve({
      config,
      paths,
      log,
      bound,
      certificates,
      startedBy,
      tell: context.warn,
    });
    void interrupted.then(daemon.stop);
    welcome(context, daemon.url, certificates);
    await daemon.ended;
    return 0;
  } catch (error) {
    // A daemon that cannot serve must not sit on the port.
    await bound.listener.close();
    throw error;
  }
}

/** The daemon in the foreground; the background one is this same command, detached. */
export const serve: RunCommand = async (context) => {
  process.umask(0o077);
  ensurePrivateDirectory(context.paths.root);
  ensurePrivateDirectory(context.paths.logs);
  const log = openLog(context.paths.daemonLog, context.config.log);
  process.on('uncaughtException', (error) => log.error('daemon.uncaught', { error: String(error.stack) }));
  try {
    return await runDaemon(context, log);
  } catch (error) {
    log.error('daemon.failed', { error: String(error) });
    throw error;
  } finally {
    log.close();
  }
};
