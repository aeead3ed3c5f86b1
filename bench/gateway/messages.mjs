const INFO = { name: 'bench', version: '1' };
const TEXT = 'hello';

/** What a client of 2026-07-28 says in every request, for it has no session. */
export const STATELESS = {
  version: '2026-07-28',
  meta: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': INFO,
    'io.modelcontextprotocol/clientCapabilities': {},
  },
};
export const SESSION_VERSION = '2025-11-25';

export const initialize = (id) => ({
  jsonrpc: '2.0',
  id,
  method: 'initialize',
  params: { protocolVersion: SESSION_VERSION, capabilities: {}, clientInfo: INFO },
});

export const INITIALIZED = { jsonrpc: '2.0', method: 'notifications/initialized' };

/** The cheapest tool of server-everything. */
export const echo = (id, meta) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'echo', arguments: { message: TEXT }, ...(meta && { _meta: meta }) },
});

/** Throws for anything but the echo: a fast error is no fast answer. */
export function checkEcho(id, message) {
  if (message?.id === id && message.result?.content?.[0]?.text === `Echo: ${TEXT}`) return;
  throw new Error(`not the echo of ${id}: ${JSON.stringify(message)}`);
}
