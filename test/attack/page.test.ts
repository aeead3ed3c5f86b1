import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type axe from 'axe-core';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import corpus from '../corpus/xss.json' with { type: 'json' };
import { readPage } from '../oauth/flow.ts';
import { openTab, type Tab, useChromium } from '../support/chromium.ts';
import { listenAsClient } from '../support/listening-client.ts';
import { waitFor } from '../support/wait-for.ts';
import { askingFor, openWaiting } from './asking-page.ts';
import { useTarget } from './target.ts';

const ARTEFACTS = join(import.meta.dirname, '../artefacts');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** The longest name that a host of ours may have, in one word. */
const LONG_HOST = `${['a', 'b', 'c'].map((letter) => letter.repeat(63)).join('.')}.home.arpa`;
const LONG_REDIRECT = `http://127.0.0.1:65535/${'x'.repeat(900)}`;

interface Mode extends BrowserContextOptions {
  readonly css?: string;
}
const MODES: readonly (readonly [string, Mode])[] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['forced-colors', { forcedColors: 'active' }],
  ['320-px', { viewport: { width: 320, height: 640 } }],
  ['text-200-percent', { viewport: { width: 640, height: 800 }, css: 'html { font-size: 200% }' }],
  // WCAG 2.2 1.4.12
  [
    'text-spacing',
    {
      viewport: { width: 320, height: 640 },
      css: '* { line-height: 1.5; letter-spacing: .12em; word-spacing: .16em } p { margin-bottom: 2em }',
    },
  ],
];
const NAMES = {
  usual: 'Claude Code (code)',
  wide: 'W'.repeat(64),
  han: '漢字'.repeat(32),
  hebrew: 'שלום (ab) עולם',
  emoji: '👩‍👩‍👧'.repeat(12),
};

/** Elements and their attributes' names, in order: what markup from outside would change. */
const STRUCTURE = `[...document.querySelectorAll('*')].map(
  (element) => [element.localName, ...element.getAttributeNames()].join(' '))`;

/** The page that Chromium shows, held where it is: what it would go on to is answered with nothing. */
async function openStill(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const tab = await openTab(browser, { javaScriptEnabled: true, ...options });
  await tab.page.route('**/oauth/consent?transaction=*', (route) => route.fulfill({ status: 204 }));
  return tab;
}

/** What a person sees, judged once: that both engines serve it is said in browser.test.ts and consent.test.ts. */
describe('the page in Chromium', () => {
  const target = useTarget('uws', { CLAUDE_SECURE_HOSTNAMES: LONG_HOST });
  const browser = useChromium(target);
  const waitingCodes = async () => (await target().control('pending', {})).pending.map(({ code }) => code);

  it.each(MODES)(
    'R28: %s: axe finds nothing, and nothing is wider than the window',
    async (mode, { css, ...options }) => {
      const { page } = await openStill(browser(), { bypassCSP: true, ...options });
      const resource = `https://${LONG_HOST}:${new URL(target().issuer).port}/mcp`;
      const names = mode === '320-px' ? NAMES : { usual: NAMES.usual, wide: NAMES.wide };
      const pages: [string, string][] = [['error', `${target().issuer}/oauth/consent`]];
      for (const [title, name] of Object.entries(names)) {
        const more = title === 'usual' ? {} : { resource };
        const redirectUri = title === 'usual' ? 'http://127.0.0.1:33418/callback' : LONG_REDIRECT;
        pages.push([title, await askingFor(target(), { redirectUri }, { name, ...more })]);
      }
      for (const [title, address] of pages) {
        await page.goto(address);
        if (css) await page.addStyleTag({ content: css });
        const width = await page.evaluate('[document.documentElement.scrollWidth - innerWidth]');
        expect([title, width]).toEqual([title, [0]]);
        await page.evaluate(AXE);
        const { violations, incomplete } = await page.evaluate(
          (runOnly) => (globalThis as unknown as { axe: typeof axe }).axe.run(document, { runOnly }),
          RULES,
        );
        expect([title, violations, incomplete]).toEqual([title, [], []]);
        await page.screenshot({ path: join(ARTEFACTS, `page-${title}-${mode}.png`), fullPage: true });
      }
    },
  );

  it('R26, R28: a screen reader hears who asks, for what, where the answer goes, and what to do', async () => {
    const { page } = await openStill(browser());
    const address = await askingFor(target(), { redirectUri: 'http://127.0.0.1:33418/callback' });
    await page.goto(address);
    const { matchCode, target: next } = readPage(await page.content());
    expect(await page.title()).toBe('Waiting for your approval - claude-secure');
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    expect(await page.locator('body').ariaSnapshot()).toBe(`\
- banner: claude-secure on this computer
- main:
  - heading "Waiting for your approval" [level=1]
  - paragraph: A program asks for access to your MCP tools. It gets none until you approve it in your own terminal.
  - term: Who asks
  - definition:
    - strong: Editor
    - text: "(unverified client: the name is its own word)"
  - term: What it may do
  - definition:
    - strong: call the MCP tools that run on this computer under your account
  - term: On which server
  - definition:
    - strong: ${target().issuer}/mcp
  - term: Where the answer goes
  - definition:
    - strong: 127.0.0.1:33418
    - text: "(loopback: any local program may receive this)"
  - heading "If you started this" [level=2]
  - paragraph: Run this in your own terminal. It shows the same request and asks you. After your answer this page goes on by itself.
  - code: claude-secure approve ${matchCode}
  - heading "If you did not start this" [level=2]
  - paragraph: "Do not approve it: something else on this computer wants to use your tools."
  - button "Cancel this request"
  - paragraph:
    - text: The code is good for 10 minutes. If the page does not go on after your answer,
    - link "continue here":
      - /url: ${next}
    - text: .`);
  });

  it('R28: hostile names are text in it, and change nothing else', async () => {
    const { page, complaints, requests } = await openStill(browser());
    const redirectUri = 'http://127.0.0.1:33418/callback';
    await page.goto(await askingFor(target(), { redirectUri }, { name: 'plain' }));
    const structure = await page.evaluate(STRUCTURE);
    for (const { input, shown } of corpus) {
      await page.goto(await askingFor(target(), { redirectUri }, { name: input, state: input }));
      expect(await page.locator('dd strong').first().textContent()).toBe(shown);
      expect([input, await page.evaluate(STRUCTURE)]).toEqual([input, structure]);
    }
    expect(complaints).toEqual([]);
    expect(requests.filter((request) => !request.startsWith(`GET ${target().issuer}/oauth/`))).toEqual([]);
  });

  it('R26: a person who stopped the page from loading goes on by its link', async () => {
    const client = await listenAsClient();
    const tab = await openTab(browser());
    const matchCode = await openWaiting(target(), tab, await askingFor(target(), client));
    await tab.stop();
    await tab.page.getByRole('link', { name: 'continue here' }).click({ noWaitAfter: true });
    await waitFor('the page to ask again', () => tab.requests.length === 3);
    await target().resolve(matchCode, true);
    expect((await client.arrival()).searchParams.has('code')).toBe(true);
    expect(tab.requests).toHaveLength(4);
    expect(tab.complaints).toEqual([]);
  });

  it('R27, R29: what is not open or not registered gets a page that goes nowhere', async () => {
    const tab = await openTab(browser());
    const client = await listenAsClient();
    const address = await askingFor(target(), client);
    const bad = address.replace(encodeURIComponent('/callback'), encodeURIComponent('/other'));
    for (const [wrong, why] of [
      [`${target().issuer}/oauth/consent?transaction=x`, 'This request is no longer open'],
      [bad, 'The answer would go to an address that is not registered.'],
    ] as const) {
      expect((await tab.page.goto(wrong))?.status()).toBe(400);
      expect(await tab.page.title()).toBe('This request cannot go on - claude-secure');
      expect(await tab.page.locator('main').innerText()).toContain(why);
      expect(await tab.page.locator('a, form, meta[http-equiv]').count()).toBe(0);
    }
    expect([tab.requests.length, client.arrivals]).toEqual([2, 0]);
  });

  it('R13, R23, R27: a page of another site frames, fetches and submits nothing', async () => {
    const address = await askingFor(target(), await listenAsClient());
    const { transaction, matchCode } = readPage(
      (await target().request({ path: address.slice(target().issuer.length) })).text,
    );
    const before = await waitingCodes();
    const consent = `${target().issuer}/oauth/consent`;
    const attacker = await listenAsClient(
      'localhost',
      `<iframe src="${address}"></iframe><img src="${address}"><script src="${address}"></script>
       <script>
         const body = new URLSearchParams({ transaction: '${transaction}' });
         for (const mode of ['cors', 'no-cors']) fetch('${consent}', { method: 'POST', mode, body }).catch(() => 0);
       </script>
       <form method="post" action="${consent}"><input name="transaction" value="${transaction}"></form>`,
    );
    const { page } = await openTab(browser(), { javaScriptEnabled: true });
    const statuses = new Set<number>();
    page.on('response', (response) => {
      if (response.url().startsWith(target().issuer)) statuses.add(response.status());
    });
    await page.goto(attacker.redirectUri, { waitUntil: 'networkidle' });
    const submitted = page.waitForResponse(consent);
    await page.evaluate('document.forms[0].submit()');
    await submitted;
    expect([...statuses]).toEqual([403]);
    expect(await waitingCodes()).toEqual(before);
    expect(before).toContain(matchCode);
  });
});
