import type { Paths } from '../paths.ts';
import type { State } from '../state.ts';

// A session's own marks and credentials would leak into every later session through the daemon (launcher.md
// 4.4); the rest would change what the daemon runs, whom it trusts or where it connects.
const STRIPPED =
  /^(?:CLAUDE(?!_SECURE_).*|ANTHROPIC_.*|NODE_.*|NPM_.*|(?:HTTPS?|ALL|NO)_PROXY|CLAUDE_SECURE_HOP)$/i;

/** What the daemon may inherit of a launcher's environment, and who started it. */
export function daemonEnvironment(
  env: NodeJS.ProcessEnv,
  { root }: Pick<Paths, 'root'>,
  startedBy: State['startedBy'],
): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !STRIPPED.test(name));
  return {
    ...Object.fromEntries(kept),
    // The daemon works in another directory, where a relative value would mean another home.
    ...(env.CLAUDE_SECURE_HOME && { CLAUDE_SECURE_HOME: root }),
    CLAUDE_SECURE_STARTED_BY: JSON.stringify(startedBy),
  };
}
