import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compareCosts, printCosts } from './cost.mjs';
import { BIN, createHome } from './daemon.mjs';

const RUNS = 20;
const repository = fileURLToPath(new URL('..', import.meta.url));
const node24 = fileURLToPath(new URL('../test/clients/node_modules/node24/bin/node', import.meta.url));

function imports(...names) {
  const list = names.map((name) => `import ${JSON.stringify(name)};`).join('');
  return ['--input-type=module', '-e', list];
}

/** A warm launch: the daemon runs, a no-op stands in for claude. Target: 3.3 x `node -e 0`. */
function benchWarm(label, node) {
  const home = createHome(node);
  try {
    home.run('restart');
    const env = { ...home.env, PWD: repository };
    const client = `${repository}node_modules/undici/lib/dispatcher/client.js`;
    const api = `${repository}node_modules/undici/lib/api/api-request.js`;
    const rows = compareCosts(
      [
        { name: 'node -e 0', argv: [node, '-e', '0'], env },
        { name: 'an empty module', argv: [node, ...imports()], env },
        { name: "undici's client and api-request", argv: [node, ...imports(client, api)], env },
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
function benchCold(label, node) {
  const homes = Array.from({ length: 7 }, () => createHome(node));
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
  for (const [label, node] of nodes) {
    benchWarm(label, node);
    benchCold(label, node);
  }
}
