import { consentFacts } from '../consent-facts.ts';
import type { Exchange } from '../exchange.ts';
import type { OpenConsent } from './consents.ts';
import { escapeHtml, respondPage } from './html.ts';
import { originOf } from './redirect-uri.ts';

function facts({ client, ...request }: OpenConsent['request']): string {
  return consentFacts({ ...request, clientName: client.name })
    .map(({ label, value, remark }) => {
      const aside = remark && ` <span>(${remark})</span>`;
      return `<dt>${label}</dt><dd><strong>${escapeHtml(value)}</strong>${aside}</dd>`;
    })
    .join('\n');
}

function body({ request, matchCode }: OpenConsent, transaction: string, target: string): string {
  return `<p>A program asks for access to your MCP tools. It gets none until you approve it in your own terminal.</p>
<dl>
${facts(request)}
</dl>
<h2>If you started this</h2>
<p>Run this in your own terminal. It shows the same request and asks you. After your answer this page goes on by itself.</p>
<pre><code>claude-secure approve ${matchCode}</code></pre>
<h2>If you did not start this</h2>
<p>Do not approve it: something else on this computer wants to use your tools.</p>
<form method="post" action="/oauth/consent">
<input type="hidden" name="transaction" value="${escapeHtml(transaction)}">
<button>Cancel this request</button>
</form>
<p class="note">The code is good for 10 minutes. If the page does not go on after your answer, <a href="${escapeHtml(target)}">continue here</a>.</p>`;
}

/** The page that waits for the owner: it shows who asks for what, and goes on by itself (R26, R28). */
export function respondConsentPage(exchange: Exchange, consent: OpenConsent, transaction: string): void {
  const target = `/oauth/consent?transaction=${transaction}`;
  respondPage(exchange, {
    status: 200,
    title: 'Waiting for your approval',
    body: body(consent, transaction, target),
    next: target,
    formOrigin: originOf(consent.request.redirectUri),
  });
}
