import { describe, expect, it } from 'vitest';
import { startBearerProxy } from '../support/bearer-proxy.ts';
import { runConformance, type SUITES, scoredScenarios, tally } from '../support/conformance.ts';
import { ENGINES, type EngineName } from '../support/listen.ts';
import { startGateway } from '../support/upstreams.ts';

interface Subject {
  engine: EngineName;
  sharing: 'shared' | 'per-session';
  suite: keyof typeof SUITES;
  args?: readonly string[];
}

/** Runs the suite through TLS, bearer and gateway against the fixture on stdio. */
async function examine({ engine, sharing, suite, args = [] }: Subject) {
  const { home, daemon, url, token } = await startGateway('conformance', sharing, {
    CLAUDE_SECURE_ENGINE: engine,
  });
  const door = await startBearerProxy({ port: daemon.state.port, ca: daemon.ca, token });
  const address = door + new URL(url).pathname;
  return runConformance({ suite, home, args: ['server', '--url', address, ...args] });
}

async function examineScored(subject: Omit<Subject, 'suite'>, revision: '2025-11-25' | '2026-07-28') {
  const args = ['--requirements', revision];
  const scenarios = await examine({ ...subject, suite: '0.2.0-alpha.12', args });
  const scored = scoredScenarios(revision);
  return tally(scenarios.filter(({ name }) => scored.includes(name)));
}

describe.each(ENGINES)('the official conformance suite, through TLS, bearer and gateway, on %s', (engine) => {
  it.each(['shared', 'per-session'] as const)(
    '2025-11-25: every scored scenario passes, %s',
    async (sharing) => {
      expect(await examineScored({ engine, sharing }, '2025-11-25')).toEqual({
        scenarios: 30,
        passed: 69,
        problems: [],
      });
    },
  );

  it('2026-07-28: every scored scenario passes', async () => {
    expect(await examineScored({ engine, sharing: 'shared' }, '2026-07-28')).toEqual({
      scenarios: 37,
      passed: 120,
      problems: [],
    });
  });

  it('0.1.16: every scenario passes', async () => {
    expect(tally(await examine({ engine, sharing: 'shared', suite: '0.1.16' }))).toEqual({
      scenarios: 30,
      passed: 39,
      problems: [],
    });
  });
});
