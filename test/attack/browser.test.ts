import { X509Certificate } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { codeForm, postForm } from '../oauth/flow.ts';
import { openTab, startChromium, useChromium } from '../support/chromium.ts';
import { createHome } from '../support/home.ts';
import { ENGINES } from '../support/listen.ts';
import { listenAsClient } from '../support/listening-client.ts';
import { runProgram } from '../support/program.ts';
import { waitFor } from '../support/wait-for.ts';
import { askingFor, openWaiting, verifier } from './asking-page.ts';
import { useTarget } from './target.ts';

describe.each(ENGINES)('the consent page in Chromium, on %s', (engine) => {
  const target = useTarget(engine);
  const browser = useChromium(target);

  const waitingCodes = async () => (await target().control('pending', {})).pending.map(({ code }) => code);
  const denied = () => ({
    error: 'access_denied',
    error_description: 'the owner said no',
    state: 'st-4711',
    iss: target().issuer,
  });

  it('R26, R39: after the yes in the terminal the page goes on by itself, reloads once, and asks nobody else', async () => {
    const client = await listenAsClient();
    const address = await askingFor(target(), client);
    const tab = await openTab(browser());
    const matchCode = await openWaiting(target(), tab, address);
    const { stdout } = await runProgram(target().home, ['approve', matchCode], { input: 'y\n' });
    expect(stdout).toContain('approved: the page goes on by itself');
    const arrival = await client.arrival();
    const code = arrival.searchParams.get('code') ?? '';
    expect(Object.fromEntries(arrival.searchParams)).toEqual({
      code,
      state: 'st-4711',
      iss: target().issuer,
    });
    expect(tab.requests).toEqual([
      `GET ${address}`,
      expect.stringContaining(`GET ${target().issuer}/oauth/consent?transaction=`),
      `GET ${arrival.href}`,
    ]);
    expect(tab.complaints).toEqual([]);
    const clientId = new URL(address).searchParams.get('client_id') ?? '';
    const form = codeForm(clientId, code, verifier, { redirect_uri: client.redirectUri });
    expect((await postForm(target(), '/oauth/token', form)).status).toBe(200);
  });

  it('R28, R29: while it waits it stays as it is, the terminal says the same, and a no there reaches the client', async () => {
    const client = await listenAsClient();
    const tab = await openTab(browser());
    const address = await askingFor(target(), client);
    const blank = await tab.picture();
    const matchCode = await openWaiting(target(), tab, address);
    const waiting = await tab.picture();
    expect(waiting.equals(blank)).toBe(false);
    const { text } = await target().request({ path: address.slice(target().issuer.length) });
    const facts = [...text.matchAll(/<(d[td])>(.*?)<\/\1>/g)].map(([, , fact]) =>
      fact?.replace(/<.*?>/g, ''),
    );
    expect(facts).toHaveLength(8);
    expect((await tab.picture()).equals(waiting)).toBe(true);
    const { stdout } = await runProgram(target().home, ['approve', matchCode], {
      input: 'n\n',
    });
    const said = stdout.split('\n').slice(0, facts.length / 2);
    expect(said.flatMap((line) => line.split(/ {2,}/))).toEqual(facts);
    expect(Object.fromEntries((await client.arrival()).searchParams)).toEqual(denied());
    expect(tab.complaints).toEqual([]);
  });

  it('R23, R27: its Cancel works while it waits, and brings a client on any loopback name its access_denied', async () => {
    const cancel = async (host: string): Promise<void> => {
      const client = await listenAsClient(host);
      const tab = await openTab(browser());
      const matchCode = await openWaiting(target(), tab, await askingFor(target(), client));
      await tab.press('Tab');
      await tab.press('Enter');
      expect(Object.fromEntries((await client.arrival()).searchParams)).toEqual(denied());
      expect([host, tab.complaints]).toEqual([host, []]);
      expect(await waitingCodes()).not.toContain(matchCode);
    };
    await Promise.all(['127.0.0.1', '[::1]', 'localhost'].map(cancel));
  });

  it('R6, R26: without our root it stops at its own warning; who has compared the fingerprint goes on', async () => {
    const stranger = await startChromium(createHome());
    onTestFinished(() => stranger.close());
    const client = await listenAsClient();
    const address = await askingFor(target(), client);
    const before = await waitingCodes();
    const tab = await openTab(stranger, { javaScriptEnabled: true });
    await expect(tab.page.goto(address)).rejects.toThrow('net::ERR_CERT_AUTHORITY_INVALID');
    expect(await waitingCodes()).toEqual(before);
    expect(client.arrivals).toBe(0);
    const { stdout } = await runProgram(target().home, ['cert', 'show']);
    // The warning is Chromium's own page, and needs its script.
    await tab.page.locator('#details-button').click();
    const details = await tab.page.locator('#error-debugging-info').textContent();
    const [, leaf = ''] = /-----BEGIN CERTIFICATE-----(.*?)-----END/s.exec(details ?? '') ?? [];
    const { fingerprint256 } = new X509Certificate(Buffer.from(leaf, 'base64'));
    expect(stdout).toContain(`server      SHA-256 ${fingerprint256}\n`);
    await tab.page.locator('#proceed-link').click();
    const code = await waitFor('the page', async () => (await waitingCodes())[before.length]);
    await target().resolve(code, true);
    expect((await client.arrival()).searchParams.has('code')).toBe(true);
  });
});
