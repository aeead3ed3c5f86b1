import { median } from '../cost.mjs';
import { startOurs } from './ours.mjs';
import { startMcpProxy, startOwnHttp, startSupergateway } from './peers.mjs';
import { processTree, sumCpuMs } from './processes.mjs';
import { openStdio } from './stdio-client.mjs';
import { everything, minimal } from './upstreams.mjs';

const CLIENTS = 8;
const UPSTREAMS = { minimal: minimal(), everything: everything() };
/** No round begins after the budget is used: on a busy machine there are fewer. */
const ONE = { clients: 1, calls: 100, rounds: 5, budgetMs: 8_000 };
const EIGHT = { clients: CLIENTS, calls: 50, rounds: 7, budgetMs: 12_000 };
const LONG = { clients: CLIENTS, calls: 500, rounds: 3, budgetMs: 15_000 };
const RUN_MS = 2_500;
const PROXY = 'mcp-proxy, TLS';

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** On a busy machine a run ends early: it is the rate that counts. */
async function callOften(client, calls, endMs) {
  const times = [];
  while (times.length < calls && performance.now() < endMs) times.push(await client.call());
  return times;
}

/** All clients at once, each with one call at a time. `cpu` counts the gateway and its servers, not the clients. */
async function measure({ clients, pids }, count, calls) {
  const pidsNow = processTree(pids());
  const cpuMs = sumCpuMs(pidsNow);
  const startedMs = performance.now();
  const times = (
    await Promise.all(clients.slice(0, count).map((client) => callOften(client, calls, startedMs + RUN_MS)))
  ).flat();
  const rate = times.length / ((performance.now() - startedMs) / 1_000);
  const cpu = (sumCpuMs(pidsNow) - cpuMs) / times.length;
  times.sort((a, b) => a - b);
  return { rate, cpu, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

/** Every way to the same tool; what was started is pushed to `started`, so that it ends whatever happens. */
async function startSubjects(name, started) {
  const argv = UPSTREAMS[name];
  const keep = (server) => {
    started.push(server);
    return server;
  };
  const uws = keep(startOurs('uws', { [name]: argv }));
  const https = keep(startOurs('https', { [name]: argv }));
  const proxy = keep(await startMcpProxy(argv, uws.home));
  const gateway = keep(await startSupergateway(argv));
  const rows = [
    ['us, uws, sessions', uws, () => uws.openSession(name)],
    ['us, uws, stateless', uws, () => uws.openStateless(name)],
    ['us, https, sessions', https, () => https.openSession(name)],
    ['us, https, stateless', https, () => https.openStateless(name)],
    [PROXY, proxy, proxy.openSession],
    ['mcp-proxy, TLS, stateless', proxy, proxy.openStateless],
    ['supergateway, no TLS', gateway, gateway.openSession],
  ];
  if (name === 'everything') {
    const own = keep(await startOwnHttp());
    rows.push(['its own HTTP mode, no TLS', own, own.openSession]);
  }
  const direct = {
    name: 'direct stdio',
    open: () => openStdio(argv),
    pids: () => direct.clients.map(({ pid }) => pid),
  };
  return [direct, ...rows.map(([label, { pid }, open]) => ({ name: label, open, pids: () => [pid] }))];
}

async function openClients(subjects) {
  for (const subject of subjects) {
    subject.clients = [];
    for (let client = 0; client < CLIENTS; client++) subject.clients.push(await subject.open());
  }
}

/** The rounds of all subjects; in every round each has its turn, so that a slow moment hits all alike. */
async function compare(subjects, { clients, calls, rounds, budgetMs }) {
  const samples = new Map(subjects.map(({ name }) => [name, []]));
  const endMs = performance.now() + budgetMs;
  for (let round = 0; round < rounds && performance.now() < endMs; round++) {
    for (const subject of subjects) samples.get(subject.name).push(await measure(subject, clients, calls));
  }
  return [...samples].map(([name, runs]) => {
    const of = (key) => runs.map((run) => run[key]);
    const [rate, cpu, p50, p99] = ['rate', 'cpu', 'p50', 'p99'].map((key) => median(of(key)));
    return {
      name,
      runs: runs.length,
      rate,
      low: Math.min(...of('rate')),
      high: Math.max(...of('rate')),
      cpu,
      p50,
      p99,
    };
  });
}

function print(upstream, { clients, calls }, rows) {
  const [direct] = rows;
  const proxy = rows.find(({ name }) => name === PROXY);
  console.log(`\n${upstream} server, ${clients} x ${calls} calls, medians of ${direct.runs} rounds`);
  for (const { name, rate, low, high, cpu, p50, p99 } of rows) {
    console.log(
      `  ${name.padEnd(26)}${rate.toFixed(0).padStart(5)}/s ${`(${low.toFixed(0)}-${high.toFixed(0)})`.padEnd(12)}`,
      `${(rate / proxy.rate).toFixed(2).padStart(5)}x  p50 ${p50.toFixed(2).padStart(6)} ms`,
      `(+${(p50 - direct.p50).toFixed(2)})  p99 ${p99.toFixed(2).padStart(6)} ms  cpu ${cpu.toFixed(2)} ms a call`,
    );
  }
}

async function compareBefore(upstream, loads) {
  const started = [];
  let subjects = [];
  try {
    subjects = await startSubjects(upstream, started);
    await openClients(subjects);
    for (const subject of subjects) await measure(subject, CLIENTS, 50);
    for (const load of loads) print(upstream, load, await compare(subjects, load));
  } finally {
    await Promise.all(subjects.flatMap(({ clients = [] }) => clients.map((client) => client.close())));
    // The daemon whose certificate mcp-proxy reads goes last.
    for (const server of started.reverse()) await server.stop();
  }
}

/** Targets: three times the calls of mcp-proxy at 8 x 50, and at one client p50 at most 1 ms above direct stdio. */
export async function benchGatewayCalls() {
  await compareBefore('minimal', [ONE, EIGHT, LONG]);
  await compareBefore('everything', [ONE, EIGHT]);
}
