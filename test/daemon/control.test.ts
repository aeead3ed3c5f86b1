import { randomBytes } from 'node:crypto';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ControlTarget, control } from '../../src/daemon/control.ts';
import { createHome } from '../support/home.ts';
import { freePort } from '../support/program.ts';
import { type Credentials, createCredentials } from './credentials.ts';
import { answering, startStranger } from './stranger.ts';

let ours: Credentials;
beforeAll(() => {
  ours = createCredentials();
});

function createTarget(port: number): ControlTarget & { secret: string } {
  const secret = randomBytes(32).toString('base64url');
  const ownerSecretFile = join(createHome().dir, 'owner.secret');
  writeFileSync(ownerSecretFile, secret, { mode: 0o600 });
  return { port, roots: ours.roots, ownerSecretFile, secret };
}

describe('control', () => {
  it('R11b: is a POST of JSON with the owner secret and without an Origin', async () => {
    const answer = answering('200 OK', '{"stopping":true,"busy":false}');
    const { port, received } = await startStranger({ credentials: ours, answer });
    const target = createTarget(port);
    const response = await control(target, 'shutdown', { instanceId: 'i', onlyIfIdle: true });
    expect(response).toEqual({ stopping: true, busy: false });
    const [head = '', body] = received().split('\r\n\r\n');
    expect(head).toMatch(/^POST \/control\/shutdown HTTP\/1\.1\r\n/);
    const headers = head.toLowerCase();
    expect(headers).toContain('content-type: application/json');
    expect(headers).toContain(`x-claude-secure-owner: ${target.secret.toLowerCase()}`);
    expect(headers).not.toContain('origin:');
    expect(JSON.parse(body ?? '')).toEqual({ instanceId: 'i', onlyIfIdle: true });
  });

  it('R7: a squatter with a certificate of its own sees not one byte of HTTP', async () => {
    const { port, received } = await startStranger({ credentials: createCredentials() });
    const call = control(createTarget(port), 'mint', { workspace: '/w', server: 'code' });
    await expect(call).rejects.toMatchObject({ code: 'DAEMON_UNHEALTHY' });
    expect(received()).toBe('');
  });

  it('R7: a squatter without TLS gets a ClientHello and no secret', async () => {
    const { port, received } = await startStranger({ answer: answering('200 OK', '{}') });
    const target = createTarget(port);
    await expect(control(target, 'status', {})).rejects.toMatchObject({ code: 'DAEMON_UNHEALTHY' });
    expect(received()).not.toContain(target.secret);
    expect(received()).not.toContain('POST');
  });

  it.each([
    ['401 Unauthorized', 'did not accept the owner secret'],
    ['429 Too Many Requests', 'too many failed attempts'],
    ['500 Internal Server Error', 'with 500'],
    ['404 Not Found', 'with 404'],
  ])('R11b: %s is a refusal', async (status, message) => {
    const { port } = await startStranger({ credentials: ours, answer: answering(status, '{}') });
    const call = control(createTarget(port), 'status', {});
    await expect(call).rejects.toMatchObject({
      code: 'DAEMON_REFUSED',
      message: expect.stringContaining(message),
    });
  });

  it('a daemon that dies in mid-answer, or is gone, did not answer', async () => {
    const { port } = await startStranger({
      credentials: ours,
      answer: (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{'),
    });
    for (const somewhere of [port, await freePort()]) {
      const call = control(createTarget(somewhere), 'status', {});
      await expect(call).rejects.toMatchObject({ code: 'DAEMON_UNHEALTHY' });
    }
  });

  it('R3: an owner secret that is missing or open to others is not used', async () => {
    const { port, received } = await startStranger({ credentials: ours });
    const target = createTarget(port);
    chmodSync(target.ownerSecretFile, 0o644);
    await expect(control(target, 'status', {})).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    rmSync(target.ownerSecretFile);
    await expect(control(target, 'status', {})).rejects.toMatchObject({ code: 'DAEMON_REFUSED' });
    expect(received()).toBe('');
  });
});
