import { describe, expect, it } from 'vitest';
import { statusText } from '../../src/cli/status-text.ts';
import type { StatusReport, UpstreamReport } from '../../src/control.ts';

const MEMORY: UpstreamReport = {
  name: 'memory',
  sharing: 'shared',
  state: 'running',
  processes: [{ pid: 11, state: 'running', workspace: undefined }],
  restarts: 1,
  calls: 7,
  lastError: undefined,
};

const REPORT: StatusReport = {
  version: '0.1.0',
  pid: 2,
  startedAt: '2026-01-01T00:00:00.000Z',
  startedBy: { label: 'claude-secure', cwd: '/', pid: 3 },
  url: 'https://127.0.0.1:8443',
  engine: 'uws',
  engineReason: 'it loads',
  connections: 0,
  sessions: 0,
  clients: 0,
  pendingConsents: 0,
  certificate: {
    rootSha256: '',
    serverSha256: '',
    names: ['localhost'],
    notAfter: '2026-03-01T00:00:00.000Z',
    rootNotAfter: '2036-01-01T00:00:00.000Z',
    daysLeft: 59,
  },
  log: '/logs/daemon.log',
  idleEndsInMs: undefined,
  upstreams: [],
  problem: undefined,
};

/** The lines from `upstreams` to the one before the log. */
function upstreamLines(report: Partial<StatusReport>): string[] {
  const lines = statusText({ ...REPORT, ...report }).split('\n');
  const first = lines.findIndex((line) => line.startsWith('upstreams'));
  return lines.slice(
    first,
    lines.findIndex((line) => line.startsWith('log ')),
  );
}

describe('status', () => {
  it('shows each upstream on a line of its own', () => {
    const waiting: UpstreamReport = {
      ...MEMORY,
      name: 'git',
      state: 'waiting',
      processes: [{ pid: undefined, state: 'waiting', workspace: '/a' }],
      lastError: 'it ended with code 1',
    };
    expect(upstreamLines({ upstreams: [MEMORY, waiting] })).toEqual([
      'upstreams   memory: running, pid 11, restarts: 1, calls: 7',
      '            git: waiting, restarts: 1, calls: 7, last error: it ended with code 1',
    ]);
  });

  it('says that there is none', () => {
    expect(upstreamLines({})).toEqual(['upstreams   none']);
  });

  it('R56: shows what is wrong with the file, and no text of others can break a line', () => {
    const upstreams = [{ ...MEMORY, lastError: 'a\nproblem     none\u001b[2J' }];
    expect(upstreamLines({ upstreams, problem: 'upstreams.json, line 3, column 5: it is broken' })).toEqual([
      expect.stringMatching(/^upstreams {3}memory: .*, last error: a\ufffdproblem {5}none\ufffd\[2J$/),
      'problem     upstreams.json, line 3, column 5: it is broken',
    ]);
  });
});
