import type { ClientReport } from '../control.ts';
import { control } from '../daemon/control.ts';
import { Failure } from '../errors.ts';
import type { RunCommand } from './context.ts';
import { findRunningDaemon } from './running-daemon.ts';
import { tableText } from './table-text.ts';
import { terminalText } from './terminal-text.ts';
import { momentText } from './time-text.ts';

const HEADER = ['id', 'name', 'grants', 'since', 'last used'] as const;

const rowOf = ({ clientId, clientName, grants, registeredAt, lastUsedAt }: ClientReport): string[] => [
  clientId,
  clientName,
  String(grants),
  momentText(registeredAt),
  lastUsedAt ? momentText(lastUsedAt) : 'never',
];

/** Lists who holds access, or takes it away from one client: its tokens and streams end at once. */
export const clients: RunCommand = async (context, { words: [, clientId] }) => {
  const daemon = await findRunningDaemon(context);
  if (clientId === undefined) {
    const { clients: reports } = await control(daemon, 'clients', {});
    context.print(reports.length ? tableText(HEADER, reports.map(rowOf)) : 'no client holds access\n');
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
