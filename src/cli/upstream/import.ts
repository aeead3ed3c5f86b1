import { type ClaudeServer, readClaudeServers } from '../../claude/mcp-servers.ts';
import { readStoredPort } from '../../daemon/port.ts';
import { readUpstreams, type UpstreamDefinition } from '../../upstreams.ts';
import type { Context, RunCommand } from '../context.ts';
import { createQuestions } from '../questions.ts';
import { terminalLine } from '../terminal-text.ts';
import { commandText } from './command-text.ts';
import { judgeServer } from './judge.ts';
import { changeUpstreams } from './save.ts';

interface Taken {
  readonly server: ClaudeServer;
  readonly definition: UpstreamDefinition;
}

/** What the owner says yes to. Of the variables only the names. */
function serverText({ server, definition }: Taken): string {
  const { name, cwd, env } = definition;
  const rows = [
    ['server', name],
    ['from', `${server.file} (${server.scope})`],
    ['command', commandText(definition)],
    ...(cwd === undefined ? [] : [['starts in', cwd] as const]),
    ['variables', Object.keys(env).join(', ') || 'none'],
  ] as const;
  return rows.map(([label, value]) => `${label.padEnd(12)}${terminalLine(value)}\n`).join('');
}

/** Shows one server after the other and asks; those that cannot be taken cost a line. */
async function choose(context: Context, servers: readonly ClaudeServer[]): Promise<Taken[]> {
  const { cwd, paths, print } = context;
  const known = readUpstreams(paths.upstreams);
  const port = readStoredPort(paths);
  const chosen: Taken[] = [];
  const questions = createQuestions(context);
  try {
    for (const server of servers) {
      const taken = [...known, ...chosen.map(({ definition }) => definition)];
      const verdict = judgeServer(server, { cwd, port, taken });
      if ('refusal' in verdict) {
        print(`${terminalLine(`skipped ${server.name} (${server.scope}): ${verdict.refusal}`)}\n\n`);
        continue;
      }
      const candidate = { server, definition: verdict.definition };
      print(serverText(candidate));
      if (await questions.ask(`Take ${server.name}?`)) chosen.push(candidate);
      print('\n');
    }
  } finally {
    questions.close();
  }
  return chosen;
}

/**
 * Takes stdio servers over from Claude's own configuration, each only after a yes. Changes no file of Claude's,
 * and says how to remove its own entries, which plain claude would go on to start.
 */
export const upstreamImport: RunCommand = async (context) => {
  const servers = readClaudeServers(context);
  const chosen = await choose(context, servers);
  if (chosen.length === 0) {
    context.print(servers.length === 0 ? 'Claude has no MCP server of its own here\n' : 'nothing imported\n');
    return 0;
  }
  await changeUpstreams(context, (known) => [...known, ...chosen.map(({ definition }) => definition)]);
  context.print(`imported ${chosen.map(({ definition }) => definition.name).join(', ')}\n`);
  context.print("\nClaude's own entries stay, and plain claude still starts them. To remove them:\n");
  for (const { server } of chosen)
    context.print(`  claude mcp remove ${server.name} --scope ${server.scope}\n`);
  return 0;
};
