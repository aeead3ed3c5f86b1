import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compareCosts, printCosts } from './cost.mjs';
import { BIN, createHome } from './daemon.mjs';

const RUNS = 20;
const repository = fileURLToPath(new URL('..', import.meta.url));
const node24 = fileURLToPath(new URL('../test/clients/node_modules/node24/bin/node', import.meta.url));

/** What our request module loads, as it loads it. */
const UNDICI = `
  if (process.versions.node.startsWith('20.')) require('node:v8').setFlagsFromString('--liftoff-only');
  require(${JSON.stringify(`${repository}node_modules/undici/lib/dispatcher/client.js`)});`;
/** One verified GET /health over undici, and nothing else. */
const PROBE = `
  import { readFileSync } from 'node:fs';
  import { probeDaemon } from ${JSON.stringify(`${repository}dist/daemon/probe.js`)};
  const home = process.env.CLAUDE_SECURE_HOME;
  const roots = readFileSync(home + '/certs/ca-bundle.pem', 'utf8');
  const { state } = await probeDaemon({ port: Number(readFileSync(home + '/port', 'utf8')), roots });
  if (state !== 'ours') process.exitCode = 1;`;

/** Node 20 reads NODE_EXTRA_CA_CERTS at every start, which is most of `node -e 0` where it is set. */
const surroundings = [
  ['clean environment', {}],
  ...(process.env.NODE_EXTRA_CA_CERTS
    ? [['NODE_EXTRA_CA_CERTS set', { NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS }]]
    : []),
];

/** A warm launch: the daemon runs, a no-op stands in for claude. Target: 3.3 x `node -e 0`. */
function benchWarm(label, node, extra) {
  const home = createHome(node, extra);
  try {
    home.run('restart');
    const { env } = home;
    const rows = compareCosts(
      [
        { name: 'node -e 0', argv: [node, '-e', '0'], env },
        { name: "undici's client class, loaded", argv: [node, '-e', UNDICI], env },
        { name: 'one verified probe over it', argv: [node, '--input-type=module', '-e', PROBE], env },
        { name: 'claude-secure --version (no daemon)', argv: [node, BIN, '--version'], env },
        { name: 'claude-secure -p hi (warm)', argv: [node, BIN, '-p', 'hi'], env },
      ],
      RUNS,
    );
    printCosts(`Warm launch, ${label}, medians of ${RUNS} (target 3.3x)`, rows);
  } finally {
    home.stop();
  }
}

/** From an empty home to a healthy daemon. Target: 8 x `node -e 0`. */
function benchCold(label, node, extra) {
  const homes = Array.from({ length: 7 }, () => createHome(node, extra));
  try {
    const rows = compareCosts(
      [{ name: 'node -e 0', argv: [node, '-e', '0'], env: homes[0].env }],
      homes.length,
    );
    const cold = homes.map(({ env }) =>
      compareCosts([{ name: 'claude-secure -p hi (cold)', argv: [node, BIN, '-p', 'hi'], env }], 1),
    );
    const [middle] = cold
      .flat()
      .toSorted((a, b) => a.wall - b.wall)
      .slice(Math.floor(cold.length / 2));
    printCosts(`Cold start, ${label}, median of ${homes.length} (target 8x wall)`, [...rows, middle]);
  } finally {
    for (const home of homes) home.stop();
  }
}

export function benchLaunch() {
  const nodes = [[`Node ${process.versions.node}`, process.execPath]];
  if (existsSync(node24)) nodes.push(['Node 24', node24]);
  for (const [version, node] of nodes) {
    for (const [name, extra] of surroundings) {
      benchWarm(`${version}, ${name}`, node, extra);
      benchCold(`${version}, ${name}`, node, extra);
    }
  }
}
