import { limits } from '../../src/limits.ts';
import { waitFor } from '../support/wait-for.ts';
import { startCrowd } from './crowd.ts';
import { faultLine, LONG } from './line.ts';
import { cpuOf, descriptorsOf } from './meter.ts';
import { callOnce } from './normal-calls.ts';
import { startSubject } from './subject.ts';

const DESCRIPTORS = 256;
const CLIENTS = 400;
const AGAIN_MS = 5_000;
const FLOOD_MS = LONG ? 60_000 : 10_000;
const CPU_PERCENT = 20;
const RECOVERY_MS = 5_000;

faultLine(
  {
    number: 'L6',
    input: `${CLIENTS} clients for ${FLOOD_MS / 1_000} s where ${DESCRIPTORS} files may be open; whoever is refused comes again after ${AGAIN_MS / 1_000} s`,
    promised: `CPU below ${CPU_PERCENT} %, descriptors left, served again within ${RECOVERY_MS / 1_000} s`,
    timeoutMs: 60_000 + FLOOD_MS,
  },
  async (engine) => {
    const subject = await startSubject(engine, { descriptors: DESCRIPTORS });
    const { pid, port, ca, mint } = subject;
    const [token = ''] = await mint(1);
    const crowd = startCrowd('flooding-clients');
    await crowd.tell({ port, ca, count: CLIENTS, againMs: AGAIN_MS });
    const cpu = await cpuOf(pid, FLOOD_MS);
    const descriptors = descriptorsOf(pid);
    const { connected, refused } = await crowd.tell<{ connected: number; refused: number }>({});
    await crowd.leave();
    const sinceMs = performance.now();
    const isServed = () =>
      callOnce(subject, token).then(
        () => true,
        () => false,
      );
    await waitFor('a call to be answered', isServed, RECOVERY_MS);
    const recoveredMs = performance.now() - sinceMs;
    const room = DESCRIPTORS - limits.descriptorReserve;
    return [
      { what: 'connected', seen: String(connected), held: connected > 0 && connected <= room },
      { what: 'refused', seen: String(refused), held: refused > 0 },
      { what: 'CPU', seen: `${cpu.toFixed(1)} %`, held: cpu < CPU_PERCENT },
      { what: 'descriptors', seen: `${descriptors} of ${DESCRIPTORS}`, held: descriptors < DESCRIPTORS },
      { what: 'served again after', seen: `${recoveredMs.toFixed(0)} ms`, held: recoveredMs < RECOVERY_MS },
    ];
  },
);
