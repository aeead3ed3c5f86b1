import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { createTraffic } from '../../src/mcp/traffic.ts';

const LAST = 250;

it('tells everything that is kept, in several answers, and which of them is the last', async () => {
  let sequence = 0;
  const traffic = createTraffic(() => ++sequence);
  const message = { jsonrpc: '2.0', method: 'notifications/progress' } as const;
  while (sequence < LAST) {
    traffic.record({
      direction: 'to-client',
      kind: 'notification',
      method: message.method,
      bytes: 1,
      message,
    });
  }
  const seen: number[] = [];
  for (let more = true; more; ) {
    const read = await traffic.read(seen.at(-1) ?? -1, false);
    seen.push(...read.entries.map((entry) => entry.sequence));
    more = read.more;
  }
  expect(seen).toEqual(Array.from({ length: LAST }, (_, index) => index + 1));
});

it('R52: keeps a line of each message, however long what it names and says is', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let sequence = 0;
  const traffic = createTraffic(() => ++sequence);
  await traffic.read(-1, true);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let each = 0; each < limits.trafficEntries; each++) {
    const long = Buffer.alloc(200_000, 'x').toString();
    const params = { name: `${each} ${long}` };
    const message = { jsonrpc: '2.0', id: each, method: `m${long}`, params } as const;
    traffic.record({ direction: 'to-server', kind: 'request', method: message.method, bytes: 1, message });
  }
  collect();
  // A line of 500 characters and a body of 4,000 each, and what V8 needs around them.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(limits.trafficEntries * 10_000);
  const { entries } = await traffic.read(0, true);
  expect(entries[0]?.target).toMatch(/^0 x{100,}…$/);
  expect(entries[0]?.body).toHaveLength(4_000);
});
