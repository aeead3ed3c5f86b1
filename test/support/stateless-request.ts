import { post } from '../mcp/client.ts';
import type { Endpoint } from './mcp-person.ts';
import { type Answer, readAnswer } from './mcp-session.ts';

const VERSION = '2026-07-28';
const META = 'io.modelcontextprotocol';

/** One request of revision 2026-07-28, and its response. */
export async function requestStateless(
  { url, token }: Endpoint,
  method: string,
  params: { readonly name?: string; readonly [member: string]: unknown } = {},
): Promise<Answer> {
  const _meta = {
    [`${META}/protocolVersion`]: VERSION,
    [`${META}/clientInfo`]: { name: 'test', version: '1' },
    [`${META}/clientCapabilities`]: {},
  };
  const headers = {
    'mcp-protocol-version': VERSION,
    'mcp-method': method,
    ...(params.name !== undefined && { 'mcp-name': params.name }),
  };
  const message = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } };
  return readAnswer(await post(url, { token, headers }, message));
}
