import type { PendingConsent } from './control.ts';

/** One thing that the owner should know before a yes. The remark is ours; the value may be a stranger's word. */
export interface ConsentFact {
  readonly label: string;
  readonly value: string;
  readonly remark: string;
}

/** Each scope in words. */
const SCOPE_WORDS: Readonly<Record<string, string>> = {
  mcp: 'call the MCP tools that run on this computer under your account',
};

/**
 * Who asks, for what, and where the answer goes (R28): the page and the terminal both show exactly this, so that
 * comparing them is easy.
 */
export function consentFacts({
  clientName,
  scopes,
  resource,
  redirectUri,
}: Pick<PendingConsent, 'clientName' | 'scopes' | 'resource' | 'redirectUri'>): readonly ConsentFact[] {
  const may = scopes.map((scope) => SCOPE_WORDS[scope] ?? scope).join('; ');
  return [
    { label: 'Who asks', value: clientName, remark: 'unverified client: the name is its own word' },
    { label: 'What it may do', value: may, remark: '' },
    { label: 'On which server', value: resource, remark: '' },
    {
      label: 'Where the answer goes',
      value: new URL(redirectUri).host,
      remark: 'loopback: any local program may receive this',
    },
  ];
}
