import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type AnthropicApi, startAnthropicApi } from './anthropic-api.mjs';
import { answerFirstQuestions, type Claude, claudeEnvironment } from './claudes.ts';
import type { Home } from './home.ts';
import { createProgramHome, PROGRAM, programCommand } from './program.ts';
import { type Outcome, type RunOptions, run } from './run.ts';

const BROWSER = fileURLToPath(new URL('../fixtures/browser.mjs', import.meta.url));

const TOOL = 'mcp__code__server_status';

/** `-p` cannot ask, and 2.1.330 would ask a server that the mock is not. */
export const allow = (tool: string): string => `--allowedTools=${tool}`;
export const ALLOW = allow(TOOL);

/** A person's machine with one Claude on it, an empty home and an empty project. */
export interface Story {
  readonly home: Home;
  readonly project: string;
  readonly api: AnthropicApi;
  /** The environment of the person's shell. */
  readonly env: NodeJS.ProcessEnv;
  /** The person types `claude-secure …` in the project. */
  secure(args: readonly string[], options?: Partial<RunOptions>): Promise<Outcome>;
  /** The person types `claude …` in the project. */
  plain(args: readonly string[], options?: Partial<RunOptions>): Promise<Outcome>;
}

/** Sets the scene; all of it is gone when the test ends. */
export async function createStory(claude: Claude, { silent = false, tool = TOOL } = {}): Promise<Story> {
  const home = await createProgramHome();
  const api = await startAnthropicApi({ tool, silent });
  onTestFinished(() => api.close());
  const project = join(home.dir, 'project');
  mkdirSync(project);
  answerFirstQuestions(home.dir, project);
  const env: NodeJS.ProcessEnv = {
    ...home.env,
    ...claudeEnvironment(claude, api.url),
    BROWSER,
    BROWSER_CA: home.paths.caBundle,
    BROWSER_PROGRAM: PROGRAM,
  };
  const inProject = (options: Partial<RunOptions> = {}): RunOptions => ({
    cwd: project,
    ...options,
    env: { ...env, ...options.env },
  });
  return {
    home,
    project,
    api,
    env,
    secure: (args, options) => run(programCommand(args), inProject(options)),
    plain: (args, options) => run([claude.file, ...args], inProject(options)),
  };
}
