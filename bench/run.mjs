import { benchCalls } from './calls.mjs';
import { benchGateway } from './gateway.mjs';
import { benchLaunch } from './launch.mjs';
import { benchMemory } from './memory.mjs';

const BENCHES = { launch: benchLaunch, calls: benchCalls, memory: benchMemory, gateway: benchGateway };
const wanted = process.argv.slice(2);

for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length === 0 || wanted.includes(name)) await bench();
}
