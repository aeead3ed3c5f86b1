import type { Client, Clients } from './clients.ts';
import { OAuthError } from './errors.ts';
import { type Parameters, refuseRepeated } from './form.ts';
import { matchesRedirectUri } from './redirect-uri.ts';
import type { Resources } from './resource.ts';
import { parseScopes, SCOPE } from './scope.ts';

/** Whom the answer may be sent to. Until this is known, nothing is ever redirected (R29). */
export interface AnswerTarget {
  readonly client: Client;
  /** Exactly as requested. */
  readonly redirectUri: string;
  readonly state: string | undefined;
}

/** A request that only waits for the owner's yes. */
export interface AuthorizationRequest extends AnswerTarget {
  readonly scopes: readonly string[];
  readonly resource: string;
  /** PKCE S256: SHA-256 of the verifier, base64url. */
  readonly challenge: string;
}

/** Steps 1 and 2 of RFC 6749 4.1.1: a known client and one of its redirect URIs. Throws what becomes a page. */
export function readAnswerTarget(parameters: Parameters, clients: Clients): AnswerTarget {
  const clientId = parameters.get('client_id');
  const redirectUri = parameters.get('redirect_uri');
  const isClear = !parameters.repeated.has('client_id') && !parameters.repeated.has('redirect_uri');
  const client = clientId !== undefined && isClear ? clients.find(clientId) : undefined;
  if (!client)
    throw new OAuthError(400, 'invalid_client', 'The program that sent you here is not registered');
  const isRegistered =
    redirectUri !== undefined && client.redirectUris.some((uri) => matchesRedirectUri(uri, redirectUri));
  if (!isRegistered) {
    throw new OAuthError(
      400,
      'invalid_redirect_uri',
      'The answer would go to an address that is not registered',
    );
  }
  return { client, redirectUri, state: parameters.get('state') };
}

function refuseRequestObjects(parameters: Parameters): void {
  if (parameters.get('request') !== undefined) {
    throw new OAuthError(400, 'request_not_supported', 'request objects are not supported');
  }
  if (parameters.get('request_uri') !== undefined) {
    throw new OAuthError(400, 'request_uri_not_supported', 'request objects are not supported');
  }
}

function checkResponse(parameters: Parameters): void {
  if (parameters.require('response_type') !== 'code') {
    throw new OAuthError(400, 'unsupported_response_type', 'the only response_type is code');
  }
  if ((parameters.get('response_mode') ?? 'query') !== 'query') {
    throw new OAuthError(400, 'invalid_request', 'the only response_mode is query');
  }
}

/** Consent is given in the owner's terminal every time, so it can never be silent. */
function checkPrompt(parameters: Parameters): void {
  if (parameters.get('prompt')?.split(' ').includes('none')) {
    throw new OAuthError(400, 'consent_required', 'the owner must be asked');
  }
}

/** PKCE is required, S256 only (OAuth 2.1 4.1.1; a missing method would mean `plain`, RFC 7636 4.3). */
function readChallenge(parameters: Parameters): string {
  const challenge = parameters.require('code_challenge');
  if (parameters.get('code_challenge_method') !== 'S256') {
    throw new OAuthError(400, 'invalid_request', 'code_challenge_method must be S256');
  }
  if (!/^[\w-]{43}$/.test(challenge)) {
    throw new OAuthError(400, 'invalid_request', 'code_challenge must be 43 characters of base64url');
  }
  return challenge;
}

/** The rest of the request, rule by rule. Throws what is sent to the redirect URI. */
export function readAuthorizationRequest(
  target: AnswerTarget,
  parameters: Parameters,
  resources: Resources,
): AuthorizationRequest {
  refuseRepeated(parameters);
  refuseRequestObjects(parameters);
  checkResponse(parameters);
  checkPrompt(parameters);
  const challenge = readChallenge(parameters);
  const scopes = parseScopes(parameters.get('scope'), [SCOPE]);
  const resource = resources.choose(parameters.resources);
  return { ...target, scopes, resource, challenge };
}
