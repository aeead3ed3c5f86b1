import { isKnownVerb } from './verbs.ts';

/**
 * What a command line is to Claude Code:
 * - `information`: prints and ends; nothing is prepared for it
 * - `verb`: a subcommand without a session; the environment is prepared, argv stays as it is
 * - `servers`: a subcommand about MCP servers; ours comes in as a plugin, the one way it looks at
 * - `session`: gets our server; the flags go in front, or behind a word that a future claude may take for a verb
 */
export type Route =
  | { readonly kind: 'information' | 'verb' | 'servers' }
  | { readonly kind: 'session'; readonly flags: 'front' | 'end' };

const INFORMATION = ['-h', '--help', '-v', '--version'];
const SERVER_VERBS = ['get', 'list', 'login', 'logout'];
const WORD = /^[a-z][a-z0-9-]*$/;

/**
 * Decides without parsing Claude's options (reference: launcher 4.1, measured on both versions). `isLearnedVerb`
 * is asked only about a single lower-case word that no list knows.
 */
export function routeArguments(argv: readonly string[], isLearnedVerb: (word: string) => boolean): Route {
  const [first, second] = argv;
  if (first === undefined) return { kind: 'session', flags: 'front' };
  if (INFORMATION.includes(first)) return { kind: 'information' };
  if (first === 'mcp' && second !== undefined && SERVER_VERBS.includes(second)) return { kind: 'servers' };
  // `agents` starts sessions, but takes its options behind the word.
  if (first === 'agents') return { kind: 'session', flags: 'end' };
  if (!WORD.test(first)) return { kind: 'session', flags: 'front' };
  if (isKnownVerb(first) || isLearnedVerb(first)) return { kind: 'verb' };
  return { kind: 'session', flags: 'end' };
}

/** Adds flags (each in its `--name=value` form) where the route wants them; everything else stays in place. */
export function placeFlags(route: Route, argv: readonly string[], flags: readonly string[]): string[] {
  if (route.kind !== 'session' || route.flags === 'front') return [...flags, ...argv];
  const separator = argv.indexOf('--');
  const end = separator === -1 ? argv.length : separator;
  return [...argv.slice(0, end), ...flags, ...argv.slice(end)];
}
