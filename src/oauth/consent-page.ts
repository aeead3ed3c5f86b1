import type { Exchange } from '../exchange.ts';
import type { OpenConsent } from './consents.ts';
import { escapeHtml, respondPage } from './html.ts';
import { originOf } from './redirect-uri.ts';
import { SCOPE_WORDS } from './scope.ts';

/** The page is shown first; and what refreshes within a second is replaced in the browser's history, not added to it. */
const REFRESH_SECONDS = 1;

const words = (scope: string): string => SCOPE_WORDS[scope] ?? scope;

function body({ request, matchCode }: OpenConsent, transaction: string): string {
  const name = escapeHtml(request.client.name);
  const destination = escapeHtml(new URL(request.redirectUri).host);
  const scopes = request.scopes.map((scope) => `<li>${escapeHtml(words(scope))}</li>`).join('');
  return `<p>A program that calls itself <strong>${name}</strong> asks for access. This page cannot say yes for you: run this in your own terminal, and compare the code.</p>
<p class="code" aria-label="match code">${matchCode}</p>
<pre><code>claude-secure approve ${matchCode}</code></pre>
<dl>
<dt>Who asks</dt><dd>${name} (unverified client: the name is its own word)</dd>
<dt>What it may do</dt><dd><ul>${scopes}</ul></dd>
<dt>On which server</dt><dd>${escapeHtml(request.resource)}</dd>
<dt>Where the answer goes</dt><dd><strong>${destination}</strong> (loopback: any local program may receive this)</dd>
</dl>
<p>If you did not start this, do not approve it. The page goes on by itself after your answer; the code expires in 10 minutes.</p>
<form method="post" action="/oauth/consent">
<input type="hidden" name="transaction" value="${escapeHtml(transaction)}">
<button>Cancel this request</button>
</form>`;
}

/** The page that waits for the owner: it shows who asks for what, and asks again by itself (R26, R28). */
export function respondConsentPage(exchange: Exchange, consent: OpenConsent, transaction: string): void {
  respondPage(exchange, {
    status: 200,
    title: 'Waiting for your yes',
    body: body(consent, transaction),
    refresh: { afterSeconds: REFRESH_SECONDS, target: `/oauth/consent?transaction=${transaction}` },
    formOrigin: originOf(consent.request.redirectUri),
  });
}
