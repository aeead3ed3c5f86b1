import { isPermitted } from './addresses.ts';
import type { Authority } from './authority.ts';

const YEAR_MS = 365 * 86_400_000;

/** What the person should know though everything works: one sentence each, usually none. */
export function createNotices(authority: Authority, configured: readonly string[], now: Date): string[] {
  const excluded = configured.filter((name) => !isPermitted(name, authority.permittedNames));
  const end = new Date(authority.issuing.validTo);
  const notices: string[] = [];
  if (excluded.length > 0) {
    notices.push(
      `the certificate leaves out ${excluded.join(', ')}: names added after the root was made need a new root (move the certs directory away)`,
    );
  }
  if (end.getTime() - now.getTime() < YEAR_MS) {
    notices.push(
      `the root certificate ends on ${end.toISOString().slice(0, 10)}: before then move the certs directory away, and trust the new root`,
    );
  }
  return notices;
}
