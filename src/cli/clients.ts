import type { ClientReport } from '../control.ts';
import { control } from '../daemon/control.ts';
import { Failure } from '../errors.ts';
import type { RunCommand } from './context.ts';
import { findRunningDaemon } from './running-daemon.ts';
import { terminalText } from './terminal-text.ts';
import { momentText } from './time-text.ts';

const HEADER = ['id', 'name', 'grants', 'since', 'last used'] as const;

/** One line for each client, the columns aligned. */
function clientTable(reports: readonly ClientReport[]): string {
  const rows = reports.map(({ clientId, clientName, grants, registeredAt, lastUsedAt }) =>
    [
      clientId,
      clientName,
      String(grants),
      momentText(registeredAt),
      lastUsedAt ? momentText(lastUsedAt) : 'never',
    ].map(terminalText),
  );
  const table: readonly (readonly string[])[] = [HEADER, ...rows];
  const widths = HEADER.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return `${table.map(line).join('\n')}\n`;
}

/** Lists who holds access, or takes it away from one client: its tokens and streams end at once. */
export const clients: RunCommand = async (context, { words: [, clientId] }) => {
  const daemon = await findRunningDaemon(context);
  if (clientId === undefined) {
    const { clients: reports } = await control(daemon, 'clients', {});
    context.print(reports.length ? clientTable(reports) : 'no client holds access\n');
    return 0;
  }
  const { revoked } = await control(daemon, 'revoke', { clientId });
  if (!revoked) {
    throw new Failure('NOT_FOUND', `there is no client ${clientId}`, {
      hint: 'claude-secure clients lists them',
    });
  }
  context.print(`revoked ${terminalText(clientId)}\n`);
  return 0;
};
