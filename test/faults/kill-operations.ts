import { expect } from 'vitest';
import { approveAsOwner, askControl, mintFor } from '../support/control.ts';
import type { Home } from '../support/home.ts';
import type { HttpsAnswer } from '../support/https-request.ts';
import {
  ask,
  readTokens,
  redeem,
  refresh,
  register,
  requestCode,
  revoke,
  type SignedIn,
  signIn,
  useToken,
} from '../support/oauth-client.ts';

/** A request under which the daemon dies, or its disk fails. */
export interface Attempt {
  /** Sends it; rejects where the answer is lost, or is not what it may be. */
  act(): Promise<unknown>;
  /** What must hold afterwards, whether or not there was an answer. */
  check(): Promise<void>;
}

/** Gets everything ready for the request. */
export type Operation = (home: Home) => Promise<Attempt>;

const errorOf = ({ status, text }: HttpsAnswer) => ({ status, error: JSON.parse(text).error });
const INVALID_GRANT = { status: 400, error: 'invalid_grant' };
/** What a disk that fails costs. */
const REFUSED = { status: 503, error: 'temporarily_unavailable' };

/** Keeps the answer, if there was one; that it was refused for a while is none. */
function attempt(send: () => Promise<HttpsAnswer>, check: (answer?: HttpsAnswer) => Promise<void>): Attempt {
  let answer: HttpsAnswer | undefined;
  return {
    async act() {
      const given = await send();
      if (given.status < 500) answer = given;
      else expect(errorOf(given)).toEqual(REFUSED);
    },
    check: () => check(answer),
  };
}

/** The tokens are good, the refresh token twice in a row. */
async function expectGood(home: Home, client: SignedIn): Promise<void> {
  expect(await useToken(home, client.accessToken)).toBe(200);
  const next = readTokens(await refresh(home, client), client.clientId);
  expect((await refresh(home, next)).status).toBe(200);
}

async function grantsOf(home: Home, wanted: string): Promise<number> {
  const { clients } = await askControl(home, 'clients', {});
  return clients.find(({ clientId }) => clientId === wanted)?.grants ?? 0;
}

const registration: Operation = async (home) =>
  attempt(
    () => register(home),
    async (answer) => {
      if (!answer) return;
      expect(answer.status).toBe(201);
      const {
        client_id: clientId,
        redirect_uris: [redirect],
      } = JSON.parse(answer.text);
      const query = new URLSearchParams({
        client_id: clientId,
        redirect_uri: redirect,
        response_type: 'token',
      });
      // An unknown client gets no redirect at all (R29).
      expect((await ask(home, { path: `/oauth/authorize?${query}` })).status).toBe(303);
    },
  );

const approval: Operation = async (home) => {
  let clientId = '';
  return {
    act: () =>
      requestCode(home, async (_, code) => {
        clientId = (await askControl(home, 'pending', {})).pending[0]?.clientId ?? '';
        await approveAsOwner(home, code);
      }),
    check: async () => expect(await grantsOf(home, clientId)).toBe(0),
  };
};

const redemption: Operation = async (home) => {
  const issued = await requestCode(home, approveAsOwner);
  return attempt(
    () => redeem(home, issued),
    async (answer) => {
      expect(await grantsOf(home, issued.clientId)).toBeLessThanOrEqual(1);
      if (answer) await expectGood(home, readTokens(answer, issued.clientId));
      expect(errorOf(await redeem(home, issued))).toEqual(INVALID_GRANT);
    },
  );
};

const rotation: Operation = async (home) => {
  const client = await signIn(home, approveAsOwner);
  return attempt(
    () => refresh(home, client),
    async (answer) => {
      expect(await useToken(home, client.accessToken)).toBe(200);
      // A client whose answer was lost, or that died before it kept it, tries again (R36).
      const retried = readTokens(await refresh(home, client), client.clientId);
      if (!answer) return expectGood(home, retried);
      const lost = readTokens(answer, client.clientId);
      expect(lost.refreshToken).not.toBe(retried.refreshToken);
      expect(errorOf(await refresh(home, lost)), 'one of the two is dead').toEqual(INVALID_GRANT);
    },
  );
};

const answeredRotation: Operation = async (home) => {
  const client = await signIn(home, approveAsOwner);
  return attempt(
    () => refresh(home, client),
    async (answer) => expectGood(home, answer ? readTokens(answer, client.clientId) : client),
  );
};

const revocation: Operation = async (home) => {
  const client = await signIn(home, approveAsOwner);
  return attempt(
    () => revoke(home, client.clientId, client.refreshToken),
    async (answer) => {
      const access = await useToken(home, client.accessToken);
      const { status } = await refresh(home, client);
      if (answer) expect(answer.status).toBe(200);
      expect([access, status]).toEqual(answer || access === 401 ? [401, 400] : [200, 200]);
    },
  );
};

const accessRevocation: Operation = async (home) => {
  const client = await signIn(home, approveAsOwner);
  return attempt(
    () => revoke(home, client.clientId, client.accessToken),
    async (answer) => {
      if (answer) expect([answer.status, await useToken(home, client.accessToken)]).toEqual([200, 401]);
      expect((await refresh(home, client)).status, 'the grant goes on').toBe(200);
    },
  );
};

const ownerRevocation: Operation = async (home) => {
  const client = await signIn(home, approveAsOwner);
  let isRevoked = false;
  return {
    async act() {
      isRevoked = (await askControl(home, 'revoke', { clientId: client.clientId })).revoked;
    },
    async check() {
      const { status } = await refresh(home, client);
      if (isRevoked) expect([status, await useToken(home, client.accessToken)]).toEqual([401, 401]);
      else expect([200, 401]).toContain(status);
    },
  };
};

const minting: Operation = async (home) => {
  let token: string | undefined;
  return {
    async act() {
      token = await mintFor(home, home.dir);
    },
    async check() {
      if (token !== undefined) expect(await useToken(home, token)).toBe(200);
      expect(await useToken(home, await mintFor(home, home.dir))).toBe(200);
    },
  };
};

/** What changes a login and holds whether or not there is another daemon afterwards. */
export const SINGLE_OPERATIONS: Readonly<Record<string, Operation>> = {
  registration,
  'a code redeemed': redemption,
  'a refresh': answeredRotation,
  'a refresh token revoked': revocation,
  'an access token revoked': accessRevocation,
  'a client revoked by the owner': ownerRevocation,
  'a token minted': minting,
};

/** What changes a login, with what only another daemon afterwards shows. */
export const LOGIN_OPERATIONS: Readonly<Record<string, Operation>> = {
  ...SINGLE_OPERATIONS,
  approval,
  'a refresh tried again': rotation,
};
