import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { codeForm, newVerifier, obtainCode, postForm, register } from '../oauth/flow.ts';
import { ENGINES } from '../support/listen.ts';
import { openTls } from '../support/raw-tls.ts';
import { waitFor } from '../support/wait-for.ts';
import { outcomeOf } from './rows.ts';
import { startTarget, type Target } from './target.ts';

const verifier = newVerifier();

interface Attempt {
  readonly socket: TLSSocket;
  /** What has come back until now. */
  text(): string;
}

/** A connection over which nothing was sent yet. */
async function connect(target: Target): Promise<Attempt> {
  const { state, ca } = target.daemon;
  const socket = await openTls({ port: state.port, ca });
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  return { socket, text: () => received };
}

const rawRedemption = (target: Target, form: Record<string, string>): string => {
  const body = new URLSearchParams(form).toString();
  return [
    'POST /oauth/token HTTP/1.1',
    `Host: 127.0.0.1:${target.daemon.state.port}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
};

const flush = (socket: TLSSocket, bytes: string): Promise<void> =>
  new Promise((resolve) => socket.write(bytes, () => resolve()));

/** When the daemon is killed: what has to have happened before. */
const MOMENTS: readonly (readonly [string, (attempts: readonly Attempt[]) => Promise<unknown>])[] = [
  ['as soon as they are sent', async () => undefined],
  [
    'with the first byte of an answer',
    (attempts) => waitFor('a byte', () => attempts.some(({ text }) => text() !== '')),
  ],
  [
    'after both answers',
    (attempts) => waitFor('both', () => attempts.every(({ text }) => text().includes('}'))),
  ],
];

describe.each(ENGINES)('a code and kill -9, on %s', (engine) => {
  it.each(MOMENTS)(
    'R35: two connections redeem it, kill -9 %s: never two grants, and the code is dead',
    async (_, moment) => {
      const target = await startTarget(engine);
      const clientId = await register(target);
      const form = codeForm(clientId, await obtainCode(target, clientId, verifier), verifier);
      const attempts = [await connect(target), await connect(target)];
      const bytes = rawRedemption(target, form);
      await Promise.all(attempts.map(({ socket }) => flush(socket, bytes)));
      await moment(attempts);
      await target.restart('SIGKILL');

      const given = attempts.filter(({ text }) => text().startsWith('HTTP/1.1 200 '));
      expect(given.length).toBeLessThanOrEqual(1);
      const grants = await target.grants(clientId);
      expect(grants).toBeLessThanOrEqual(1);
      for (const { text } of given) {
        const token = /"access_token":"([^"]+)"/.exec(text())?.[1];
        // Good as long as the second connection was not heard as a replay before the end.
        if (token) expect(await target.useToken(token)).toBe(grants === 1 ? 200 : 401);
      }
      expect(outcomeOf(await postForm(target, '/oauth/token', form))).toEqual({
        status: 400,
        error: 'invalid_grant',
      });
      expect(await target.grants(clientId)).toBe(grants);
    },
  );
});
