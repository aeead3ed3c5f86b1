import { type Exchange, type Handler, type Routes, respondJson } from '../exchange.ts';
import { GRANT_TYPES } from './registration.ts';
import type { Resources } from './resource.ts';
import { SCOPE } from './scope.ts';

/** RFC 8414 2. What is not named here is not implemented (R25). */
const serverMetadata = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/oauth/authorize`,
  token_endpoint: `${issuer}/oauth/token`,
  registration_endpoint: `${issuer}/oauth/register`,
  revocation_endpoint: `${issuer}/oauth/revoke`,
  jwks_uri: `${issuer}/oauth/jwks`,
  scopes_supported: [SCOPE],
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  grant_types_supported: GRANT_TYPES,
  token_endpoint_auth_methods_supported: ['none'],
  revocation_endpoint_auth_methods_supported: ['none'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
  client_id_metadata_document_supported: false,
});

/** RFC 9728 2. */
const resourceMetadata = (issuer: string, resource: string) => ({
  resource,
  authorization_servers: [issuer],
  scopes_supported: [SCOPE],
  bearer_methods_supported: ['header'],
  resource_name: 'claude-secure',
});

/** The discovery documents: the issuer is always the same, the resource is under the host that was asked. */
export function createMetadataRoutes(issuer: string, resources: Resources): Routes {
  const server: Handler = (exchange) => respondJson(exchange, 200, serverMetadata(issuer));
  const resource: Handler = (exchange: Exchange) =>
    respondJson(exchange, 200, resourceMetadata(issuer, resources.forHost(exchange.headers.host)));
  return {
    '/.well-known/oauth-authorization-server': { GET: server },
    '/.well-known/oauth-protected-resource': { GET: resource },
    '/.well-known/oauth-protected-resource/mcp': { GET: resource },
    '/.well-known/oauth-protected-resource/mcp/sse': { GET: resource },
  };
}
