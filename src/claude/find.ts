import { isAbsolute } from 'node:path';
import type { Config } from '../config.ts';
import { Failure } from '../errors.ts';
import { type Inspection, inspectProgram, type Program } from './inspect-program.ts';
import { listPlaces } from './places.ts';

export interface FindOptions {
  readonly config: Pick<Config, 'claude'>;
  readonly env: NodeJS.ProcessEnv;
  /** Where claude-secure itself is installed. */
  readonly packageRoot: string;
  readonly platform?: NodeJS.Platform;
  readonly execPath?: string;
}

const FAULTS = {
  absent: { code: 'CLAUDE_NOT_FOUND', text: 'is not there' },
  'not-executable': { code: 'CLAUDE_NOT_EXECUTABLE', text: 'is not executable' },
  placeholder: {
    code: 'CLAUDE_NOT_EXECUTABLE',
    text: 'is no program (npm leaves such a placeholder when install scripts are off)',
  },
  ours: { code: 'CLAUDE_RECURSION', text: 'is claude-secure itself' },
} as const;

function configured(file: string, platform: NodeJS.Platform): Program {
  if (!isAbsolute(file)) {
    // A relative one would mean another program in every directory (R59).
    throw new Failure(
      'CONFIG_INVALID',
      `CLAUDE_SECURE_CLAUDE is ${JSON.stringify(file)}, not an absolute path`,
    );
  }
  const found = inspectProgram(file, { platform, trustText: true });
  if (found.is === 'program') return found.program;
  const { code, text } = FAULTS[found.is];
  throw new Failure(code, `CLAUDE_SECURE_CLAUDE: ${file} ${text}`);
}

/**
 * The real claude: `CLAUDE_SECURE_CLAUDE`, else the first program on the PATH that is not claude-secure, else
 * the places where its installers put it. Never anything of the current project (R59). Throws
 * `CLAUDE_NOT_FOUND` with every place tried, `CLAUDE_NOT_EXECUTABLE`, or `CLAUDE_RECURSION`.
 */
export function findClaude({
  config,
  env,
  packageRoot,
  platform = process.platform,
  execPath = process.execPath,
}: FindOptions): Program {
  if (config.claude !== undefined) return configured(config.claude, platform);
  const places = listPlaces({ env, platform, execPath, packageRoot });
  const seen: { file: string; is: Exclude<Inspection['is'], 'program'> }[] = [];
  for (const file of places) {
    const found = inspectProgram(file, { platform });
    if (found.is === 'program') return found.program;
    seen.push({ file, is: found.is });
  }
  const broken = seen.find(({ is }) => is === 'not-executable' || is === 'placeholder');
  if (broken) throw new Failure('CLAUDE_NOT_EXECUTABLE', `${broken.file} ${FAULTS[broken.is].text}`);
  const ours = seen.filter(({ is }) => is === 'ours').map(({ file }) => file);
  const skipped = ours.length > 0 ? ` (${ours.join(', ')} starts claude-secure)` : '';
  throw new Failure('CLAUDE_NOT_FOUND', `no claude found; tried ${places.join(', ')}${skipped}`);
}
