import { consentFacts } from '../consent-facts.ts';
import type { PendingConsent } from '../control.ts';
import { control } from '../daemon/control.ts';
import { Failure } from '../errors.ts';
import { normaliseMatchCode } from '../match-code.ts';
import type { RunCommand } from './context.ts';
import { createQuestions } from './questions.ts';
import { findRunningDaemon } from './running-daemon.ts';
import { terminalLine } from './terminal-text.ts';
import { momentText } from './time-text.ts';

function consentText(pending: PendingConsent): string {
  const facts = consentFacts(pending).map(({ label, value, remark }): [string, string] => [
    label,
    remark ? `${value} (${remark})` : value,
  ]);
  const rows = [...facts, ['Code', pending.code], ['Good until', momentText(pending.expiresAt)]] as const;
  return rows.map(([label, value]) => `${label.padEnd(23)}${terminalLine(value)}\n`).join('');
}

/** Lists what waits for the owner, or shows one request and approves exactly that (R26). */
export const approve: RunCommand = async (context, { words: [code] }) => {
  const daemon = await findRunningDaemon(context);
  const { pending } = await control(daemon, 'pending', {});
  if (code === undefined) {
    context.print(pending.length ? pending.map(consentText).join('\n') : 'nothing waits for approval\n');
    if (pending.length) context.print('\napprove one with: claude-secure approve <code>\n');
    return 0;
  }
  const found = pending.find((consent) => consent.code === normaliseMatchCode(code));
  if (!found) {
    throw new Failure('NOT_FOUND', `no request waits under the code ${code}`, {
      hint: 'claude-secure approve lists what waits',
    });
  }
  context.print(consentText(found));
  const questions = createQuestions(context);
  const yes = await questions.ask('Give it access?').finally(questions.close);
  const { done } = await control(daemon, 'approve', { code: found.code, approve: yes });
  context.print(
    done ? (yes ? 'approved: the page goes on by itself\n' : 'refused\n') : 'the request is gone\n',
  );
  return done && yes ? 0 : 1;
};
