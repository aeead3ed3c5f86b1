import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Home } from './home.ts';
import { type Running, start } from './run.ts';

const CLIENTS = fileURLToPath(new URL('../clients/node_modules', import.meta.url));
/** Both versions import what Node 20's `fs` does not have. */
const NODE_22 = join(CLIENTS, 'node22/bin/node');

/** The installed versions of the official suite. */
export const SUITES = {
  '0.2.0-alpha.12': join(CLIENTS, '@modelcontextprotocol/conformance'),
  '0.1.16': join(CLIENTS, 'conformance-0.1.16'),
} as const;

export interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED';
  readonly errorMessage?: string;
}

export interface Scenario {
  readonly name: string;
  readonly checks: readonly Check[];
}

export interface ConformanceRun {
  readonly suite: keyof typeof SUITES;
  readonly home: Home;
  readonly args: readonly string[];
  /** What a person would do meanwhile. */
  readonly meanwhile?: (running: Running) => Promise<void>;
}

/** A scenario that could not be run left no results, only what it printed. */
function parseScenario(printed: string): Scenario {
  const name = printed.slice(0, printed.indexOf(' ==='));
  const directory = /^Results saved to (.+)$/m.exec(printed)?.[1];
  const file = directory && join(directory, 'checks.json');
  if (!file || !existsSync(file))
    return { name, checks: [{ id: name, status: 'FAILURE', errorMessage: printed }] };
  return { name, checks: JSON.parse(readFileSync(file, 'utf8')) };
}

/** Runs the command line of the suite to its end; every scenario comes back in the order it ran. */
export async function runConformance({ suite, home, args, meanwhile }: ConformanceRun): Promise<Scenario[]> {
  const results = mkdtempSync(join(home.dir, 'conformance-'));
  const env = { ...home.env, NODE_EXTRA_CA_CERTS: home.paths.caBundle };
  const program = join(SUITES[suite], 'dist/index.js');
  const running = start([NODE_22, program, ...args, '--output-dir', results], { env, cwd: home.dir });
  running.closeInput();
  await meanwhile?.(running);
  const { stdout, stderr } = await running.ended;
  const [, ...printed] = stdout.split('=== Running scenario: ');
  if (printed.length === 0) throw new Error(`no scenario ran: ${stdout}${stderr}`);
  return printed.map(parseScenario);
}

/** The names of the scenarios that a server of that revision is scored by. */
export function scoredScenarios(revision: '2025-11-25' | '2026-07-28'): string[] {
  const file = join(SUITES['0.2.0-alpha.12'], 'requirements', `${revision}.yaml`);
  const [, list = ''] = /^server:\n((?: {2}- .+\n)+)/m.exec(readFileSync(file, 'utf8')) ?? [];
  return [...list.matchAll(/- (\S+)/g)].map(([, name = '']) => name);
}

export interface Tally {
  readonly scenarios: number;
  readonly passed: number;
  /** One line for each check that failed or warned. */
  readonly problems: readonly string[];
}

/** Counts as the suite does, and names what went wrong. */
export function tally(scenarios: readonly Scenario[]): Tally {
  const checks = scenarios.flatMap(({ name, checks }) =>
    checks.map((check) => ({ ...check, scenario: name })),
  );
  return {
    scenarios: scenarios.length,
    passed: checks.filter(({ status }) => status === 'SUCCESS').length,
    problems: checks
      .filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
      .map(({ scenario, id, status, errorMessage }) => `${status} ${scenario}/${id}: ${errorMessage}`),
  };
}
