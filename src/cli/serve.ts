import { type Certificates, ensureCertificate } from '../certificate/ensure.ts';
import type { StatusReport } from '../control.ts';
import { candidatePorts, keepPort, readStoredPort } from '../daemon/port.ts';
import { portTaken } from '../daemon/port-taken.ts';
import { Failure } from '../errors.ts';
import { ensurePrivateDirectory } from '../files.ts';
import { type Log, openLog } from '../log.ts';
import { certificateText } from './cert.ts';
import type { Context, RunCommand } from './context.ts';
import { nextSignal, watchFaults } from './daemon-ends.ts';

type Bound = Awaited<ReturnType<typeof import('../server/bind.ts')['bindPort']>>;
type Engine = Bound['engine'];

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
    // Imported when needed: undici is a sixth of the start, and a free port needs none of it.
    const { probeDaemon } = await import('../daemon/probe.ts');
    const probe = await probeDaemon({ port, roots });
    if (probe.state === 'ours') throw running(port, ` (pid ${probe.health.pid})`);
    if (probe.state === 'unhealthy' && probe.reason === 'starting') throw running(port);
  }
  throw portTaken(paths, config);
}

/** Who asked for this daemon: the launcher says so in the environment, else it is a person in a terminal. */
function readStartedBy(context: Context): StatusReport['startedBy'] {
  try {
    const { label, cwd, pid } = JSON.parse(context.env.CLAUDE_SECURE_STARTED_BY ?? '');
    return { label: String(label), cwd: String(cwd), pid: Math.trunc(pid) || 0 };
  } catch {
    return { label: 'claude-secure serve', cwd: context.cwd, pid: process.ppid };
  }
}

interface Greeting {
  context: Context;
  log: Log;
  certificates: Certificates;
  engine: Engine;
  url: string;
}

/** Greets the person. A full disk under the output is no reason to end a daemon that serves. */
function welcome({ context, log, certificates, engine, url }: Greeting): void {
  const { outcome, report } = certificates;
  try {
    if (outcome === 'created') {
      context.print(`made a certificate in ${context.paths.certificates}\n`);
      context.print(certificateText(report, context.paths));
    }
    context.print(`listening on ${url} (MCP at ${url}/mcp, SSE at ${url}/mcp/sse)\n`);
    context.print(`engine ${engine.name}: ${engine.reason}\n`);
  } catch (error) {
    log.error('daemon.welcome-failed', { error: String(error) });
  }
}

async function bindDaemon(context: Context, log: Log, { roots }: Certificates): Promise<Bound> {
  const { config, paths } = context;
  const { host, connections } = config;
  const [{ chooseEngine }, { bindPort }] = await Promise.all([
    import('../server/choose.ts'),
    import('../server/bind.ts'),
  ]);
  const engine = await chooseEngine(config.engine);
  const bind = (port: number): Promise<Bound> =>
    bindPort(engine, { host, port, connections, credentialsFile: paths.identity, log });
  return bindFirst(bind, context, roots);
}

async function runDaemon(context: Context, log: Log): Promise<number> {
  const { config, paths } = context;
  const interrupted = nextSignal();
  const certificates = await ensureCertificate(paths, { hostnames: config.hostnames });
  const server = await import('../server/serve.ts');
  const bound = await bindDaemon(context, log, certificates);
  // Warnings come before the daemon is healthy: the launcher that waits for it passes them on.
  for (const notice of certificates.notices) context.warn(notice);
  if (config.host !== '127.0.0.1') context.warn('other machines can connect to this daemon');
  try {
    // Two first starts at once may each have got a port: a slow winner looks like a stranger to the other.
    const kept = keepPort(paths, bound.listener.port, config.port);
    if (kept !== bound.listener.port) throw running(kept);
    const startedBy = readStartedBy(context);
    const options = { config, paths, env: context.env, log, bound, certificates, startedBy };
    const daemon = await server.serve({ ...options, tell: context.warn });
    void interrupted.then(daemon.stop);
    const fault = watchFaults(daemon.stop, log);
    welcome({ context, log, certificates, engine: bound.engine, url: daemon.url });
    await daemon.ended;
    return fault.happened ? 1 : 0;
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
  try {
    return await runDaemon(context, log);
  } catch (error) {
    log.error('daemon.failed', { error: String(error) });
    throw error;
  } finally {
    log.close();
  }
};
