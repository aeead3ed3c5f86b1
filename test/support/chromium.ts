import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { beforeAll } from 'vitest';
import type { Home } from './home.ts';

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Puts our roots into the person's own store, which Chromium reads: a person may do that, we never do. */
function trustInChromium({ dir, paths }: Home): void {
  const store = join(dir, '.pki', 'nssdb');
  mkdirSync(store, { recursive: true });
  const certutil = (...args: string[]): void => {
    execFileSync('certutil', ['-d', `sql:${store}`, ...args], { stdio: 'ignore' });
  };
  certutil('-N', '--empty-password');
  const roots = readFileSync(paths.caBundle, 'utf8').match(CERTIFICATE) ?? [];
  roots.forEach((root, index) => {
    const file = join(dir, `root-${index}.pem`);
    writeFileSync(file, root);
    certutil('-A', '-n', `claude-secure ${index}`, '-t', 'C,,', '-i', file);
  });
}

/** Debian's Chromium as the person of this home, in a fresh profile, with no flag about certificates. */
export const startChromium = (home: Home): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: FLAGS,
    env: { HOME: home.dir, PATH: home.env.PATH, TMPDIR: home.env.TMPDIR },
  });

/** One Chromium for all tests of the suite that this is called in; it trusts the roots of the daemon there. */
export function useChromium(daemon: () => { readonly home: Home }): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    const { home } = daemon();
    trustInChromium(home);
    const started = await startChromium(home);
    browser = started;
    return () => started.close();
  });
  return () => {
    if (!browser) throw new Error('Chromium did not start');
    return browser;
  };
}

export interface Tab {
  readonly page: Page;
  /** Method and address of every request, in order. */
  readonly requests: string[];
  /** What the console said as an error, and every dialog. */
  readonly complaints: string[];
  /**
   * A picture of what the person sees now. Everything else of `page` waits while the browser waits for its next page;
   * this and the keyboard do not.
   */
  picture(): Promise<Buffer>;
  press(key: 'Tab' | 'Enter'): Promise<void>;
  /** The browser's own button for it. */
  stop(): Promise<void>;
}

const KEYS = { Tab: 9, Enter: 13 };

/** A tab of a fresh profile, without JavaScript unless it is asked for; closed with its browser. */
export async function openTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({ javaScriptEnabled: false, ...options });
  const page = await context.newPage();
  const devTools = await context.newCDPSession(page);
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(`${request.method()} ${request.url()}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('dialog', (dialog) => {
    complaints.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  return {
    page,
    requests,
    complaints,
    async picture() {
      const { data } = await devTools.send('Page.captureScreenshot');
      return Buffer.from(data, 'base64');
    },
    async stop() {
      await devTools.send('Page.stopLoading');
    },
    async press(key) {
      const event = { key, code: key, windowsVirtualKeyCode: KEYS[key] };
      await devTools.send('Input.dispatchKeyEvent', {
        type: 'keyDown',
        ...event,
        ...(key === 'Enter' && { text: '\r' }),
      });
      await devTools.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
    },
  };
}
