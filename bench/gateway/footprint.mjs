import { startOurs } from './ours.mjs';
import { startMcpProxy, startOwnHttp, startSupergateway } from './peers.mjs';
import { processTree, sumPssMb } from './processes.mjs';
import { openStdio } from './stdio-client.mjs';
import { everything } from './upstreams.mjs';

const CLIENTS = 5;
const UPSTREAMS = ['one', 'two', 'three', 'four', 'five'];
const SETTLE_MS = 2_000;

/** Every client connects to every upstream and calls it once. */
async function connectAll(openings) {
  const clients = [];
  for (const open of openings) {
    for (let client = 0; client < CLIENTS; client++) {
      const opened = await open();
      clients.push(opened);
      await opened.call();
    }
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return clients;
}

async function report(name, roots, openings) {
  const clients = await connectAll(openings);
  try {
    const pids = processTree([...roots, ...clients.flatMap(({ pid = [] }) => pid)]);
    const mb = sumPssMb(pids).toFixed(0).padStart(5);
    console.log(`  ${name.padEnd(26)}${String(pids.length).padStart(4)} processes ${mb} MB`);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** One gateway for each upstream, as it has to be where one gateway serves one. */
async function reportPeer(name, start) {
  const servers = [];
  try {
    for (const _ of UPSTREAMS) servers.push(await start());
    await report(
      name,
      servers.map(({ pid }) => pid),
      servers.map(({ openSession }) => openSession),
    );
  } finally {
    for (const { stop } of servers) await stop();
  }
}

/** Processes and memory (Pss) behind 5 clients of 5 upstreams. Target: one child for each upstream, not for each client. */
export async function benchGatewayFootprint() {
  console.log(`\n${CLIENTS} clients x ${UPSTREAMS.length} upstreams, the clients themselves left out`);
  await report(
    'direct stdio',
    [],
    UPSTREAMS.map(() => () => openStdio(everything())),
  );
  const ours = startOurs('uws', Object.fromEntries(UPSTREAMS.map((name) => [name, everything()])));
  try {
    await report(
      'us, uws',
      [ours.pid],
      UPSTREAMS.map((name) => () => ours.openSession(name)),
    );
    await reportPeer('mcp-proxy, TLS', () => startMcpProxy(everything(), ours.home));
  } finally {
    ours.stop();
  }
  await reportPeer('supergateway, no TLS', () => startSupergateway(everything()));
  await reportPeer('own HTTP mode, no TLS', startOwnHttp);
}
