import { expect, it } from 'vitest';
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
