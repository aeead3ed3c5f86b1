import { createHash } from 'node:crypto';
import type { Exchange, ResponseHeaders } from '../exchange.ts';

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 38rem; margin: 3rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
dt { margin-top: .75rem; font-size: .875rem; opacity: .8; }
dd { margin: 0; overflow-wrap: anywhere; }
code, .code { font-family: ui-monospace, monospace; }
.code { font-size: 2rem; letter-spacing: .1em; margin: .5rem 0; }
pre { padding: .75rem 1rem; border: 1px solid; border-radius: .375rem; overflow-x: auto; background: #8882; }
pre code { user-select: all; }
ul { margin: 0; padding: 0; list-style: none; }
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
  /** The page asks again for this path and query of ours after `afterSeconds`. */
  readonly refresh?: { readonly afterSeconds: number; readonly target: string };
  /** There is a form, and this is the origin it may end up at beside our own: browsers check every redirect after it. */
  readonly formOrigin?: string;
  readonly headers?: ResponseHeaders;
}

/** Answers HTML without script, cookie, frame or foreign resource, under the headers of R23. */
export function respondPage(exchange: Exchange, page: Page): void {
  const { refresh } = page;
  const title = escapeHtml(page.title);
  const meta = refresh
    ? `<meta http-equiv="refresh" content="${refresh.afterSeconds};url=${escapeHtml(refresh.target)}">\n`
    : '';
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
${meta}<title>${title} - claude-secure</title>
<style>${STYLE}</style>
</head>
<body>
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
