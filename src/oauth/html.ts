import { createHash } from 'node:crypto';
import type { Exchange, ResponseHeaders } from '../exchange.ts';

const STYLE = `
:root { color-scheme: light dark; --page: #fff; --text: #1f2328; --quiet: #57606a; --line: #d0d7de; --card: #f6f8fa; --link: #0550ae; }
@media (prefers-color-scheme: dark) {
  :root { --page: #16191d; --text: #e6eaef; --quiet: #a9b1ba; --line: #444c56; --card: #20252b; --link: #9ecbff; }
}
html { font: 100%/1.5 system-ui, sans-serif; background: var(--page); color: var(--text); }
body { max-width: 40rem; margin: 0 auto; padding: 2.5rem 1.25rem; overflow-wrap: anywhere; }
h1 { font-size: 1.625rem; line-height: 1.25; margin: .25rem 0 .75rem; }
h2 { font-size: 1.125rem; line-height: 1.25; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; }
header, dt, dd span, .note { color: var(--quiet); }
header, .note { font-size: .875rem; }
.note { margin-top: 2rem; }
dl { margin: 1.5rem 0; padding: .25rem 1.25rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); }
dt { margin-top: .75rem; font-size: .875rem; }
dd { margin: 0; }
strong { font-weight: 600; unicode-bidi: isolate; }
pre { margin: .75rem 0; padding: .875rem 1.25rem; border: 2px solid; border-radius: .5rem; white-space: pre-wrap; }
code { font: 600 1.125rem/1.5 ui-monospace, monospace; user-select: all; }
a { color: var(--link); }
button { font: inherit; padding: .5rem 1rem; }
`;
const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is inert in an element and in a quoted attribute. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/**
 * An origin as a CSP header may name it. It has no word for an IPv6 address: Chromium ignores one and then blocks the
 * form whose answer goes there (measured), so there it is any host with that port.
 */
const cspSource = (origin: string): string => origin.replace('[::1]', '*');

export interface Page {
  readonly status: number;
  /** Plain text. */
  readonly title: string;
  /** HTML; whatever comes from outside was escaped. */
  readonly body: string;
  /** A path and query of ours: the browser asks for it as soon as the page is there, and shows it once it is answered. */
  readonly next?: string;
  /** There is a form, and this is the origin it may end up at beside our own: browsers check every redirect after it. */
  readonly formOrigin?: string;
  readonly headers?: ResponseHeaders;
}

/** Answers HTML without script, cookie, frame or foreign resource, under the headers of R23. */
export function respondPage(exchange: Exchange, page: Page): void {
  const title = escapeHtml(page.title);
  const next = page.next && `<meta http-equiv="refresh" content="0;url=${escapeHtml(page.next)}">\n`;
  const formAction = page.formOrigin === undefined ? "'self'" : `'self' ${cspSource(page.formOrigin)}`;
  exchange.respond(
    page.status,
    {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src ${STYLE_SOURCE}; frame-ancestors 'none'; base-uri 'none'; form-action ${formAction}`,
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      // Under `no-referrer` a browser sends our own form with `Origin: null`, which the gate refuses (R13).
      'referrer-policy': page.formOrigin === undefined ? 'no-referrer' : 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      ...page.headers,
    },
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
${next ?? ''}<title>${title} - claude-secure</title>
<style>${STYLE}</style>
</head>
<body>
<header>claude-secure on this computer</header>
<main>
<h1>${title}</h1>
${page.body}
</main>
</body>
</html>
`,
  );
}

/** Sends the browser on: 303, so that a form's body never travels along (RFC 9700 4.12). */
export function respondRedirect(exchange: Exchange, location: string): void {
  exchange.respond(303, { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
}
