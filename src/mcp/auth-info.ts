import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js';
import type { Caller } from '../caller.ts';

/** The caller in the SDK's words. The token itself is never handed on: no tool needs it, and none can leak it. */
export function toAuthInfo({ clientId, scopes, workspace }: Caller): AuthInfo {
  return { token: '', clientId, scopes: [...scopes], extra: { workspace } };
}

export function workspaceOf(authInfo: AuthInfo | undefined): string | undefined {
  const workspace = authInfo?.extra?.workspace;
  return typeof workspace === 'string' ? workspace : undefined;
}
