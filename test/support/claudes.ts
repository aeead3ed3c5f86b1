import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const API_KEY = 'sk-ant-test-0123456789-abcdefghij';
const PACKAGE = '@anthropic-ai/claude-code-linux-x64/claude';

export interface Claude {
  readonly version: string;
  readonly file: string;
}

const installed = (folder: string): string => fileURLToPath(new URL(`${folder}/${PACKAGE}`, import.meta.url));

/** The real Claude Codes every story runs on: the last one for Node 20, and a current one. */
export const claudes: readonly Claude[] = [
  { version: '2.1.197', file: installed('../../node_modules') },
  { version: '2.1.330', file: installed('../clients/node_modules') },
];

/** Environment for a Claude that talks to the mock API and to nobody else. */
export function claudeEnvironment(claude: Claude, apiUrl: string): NodeJS.ProcessEnv {
  if (!existsSync(claude.file)) throw new Error(`${claude.file} is missing: npm ci --prefix test/clients`);
  return {
    CLAUDE_SECURE_CLAUDE: claude.file,
    ANTHROPIC_API_KEY: API_KEY,
    ANTHROPIC_BASE_URL: apiUrl,
    DISABLE_AUTOUPDATER: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_ERROR_REPORTING: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    // 2.1.197 gives servers 2 s, which a busy test machine may need; 2.1.330 waits anyway.
    MCP_CONNECTION_NONBLOCKING: 'false',
  };
}

/** Answers beforehand what the terminal interface asks at its first start in `project`. */
export function answerFirstQuestions(homeDirectory: string, project: string): void {
  const answers = {
    hasCompletedOnboarding: true,
    theme: 'dark',
    customApiKeyResponses: { approved: [API_KEY.slice(-20)], rejected: [] },
    projects: { [project]: { hasTrustDialogAccepted: true } },
  };
  writeFileSync(join(homeDirectory, '.claude.json'), JSON.stringify(answers));
}
