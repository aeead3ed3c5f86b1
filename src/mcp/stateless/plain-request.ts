import { classifyInboundRequest } from '@modelcontextprotocol/server';
import type { Headers } from '../../exchange.ts';
import type { JsonRpcRequest } from '../json-rpc.ts';
import { isOfCapability } from './modern-methods.ts';

const VERSION = '2026-07-28';

/** What the header `Mcp-Name` repeats (2026-07-28 transports, L252). */
const NAMES: Readonly<Record<string, string>> = {
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tools/call': 'name',
};

/** Neither in base64 nor with white space around it: the value is what the header says, byte for byte. */
const LITERAL = /^(?!=\?)[!-~](?:[ -~]*[!-~])?$/;

function nameAgrees({ method, params = {} }: JsonRpcRequest, header: string | undefined): boolean {
  const member = NAMES[method];
  if (member === undefined) return true;
  return header !== undefined && header === params[member] && LITERAL.test(header);
}

/**
 * True only for a request that the SDK's handler would let pass. Most are such, and the objects that it makes for each are
 * half of what a call costs (measured). What is good in a way that takes more to see is not plain: the handler decides.
 */
export function isPlain(headers: Headers, message: JsonRpcRequest): boolean {
  const { 'mcp-protocol-version': version, 'mcp-method': method, 'mcp-name': name } = headers;
  if (version !== VERSION || method !== message.method || !isOfCapability(method)) return false;
  if (!nameAgrees(message, name)) return false;
  const seen = {
    httpMethod: 'POST',
    protocolVersionHeader: version,
    mcpMethodHeader: method,
    body: message,
  };
  return classifyInboundRequest(seen).kind === 'modern';
}
