import { post } from '../mcp/client.ts';
import type { Endpoint } from './mcp-person.ts';
import { type Answer, readAnswer } from './mcp-session.ts';

const VERSION = '2026-07-28';
const META = 'io.modelcontextprotocol';

interface Params {
  readonly name?: string;
  readonly [member: string]: unknown;
}

export interface StatelessMessage {
  readonly jsonrpc: '2.0';
  readonly id: unknown;
  readonly method: string;
  readonly params: Params;
}

/** A request of revision 2026-07-28. */
export function statelessMessage(method: string, params: Params = {}, id: unknown = 1): StatelessMessage {
  const _meta = {
    [`${META}/protocolVersion`]: VERSION,
    [`${META}/clientInfo`]: { name: 'test', version: '1' },
    [`${META}/clientCapabilities`]: {},
  };
  return { jsonrpc: '2.0', id, method, params: { ...params, _meta } };
}

/** The headers that go with it. */
export const statelessHeaders = ({ method, params }: StatelessMessage): Record<string, string> => ({
  'mcp-protocol-version': VERSION,
  'mcp-method': method,
  ...(params.name !== undefined && { 'mcp-name': params.name }),
});

/** One request of revision 2026-07-28, and its response. */
export async function requestStateless(
  { url, token }: Endpoint,
  method: string,
  params: Params = {},
): Promise<Answer> {
  const message = statelessMessage(method, params);
  return readAnswer(await post(url, { token, headers: statelessHeaders(message) }, message));
}
