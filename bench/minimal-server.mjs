/** A server on stdio with one tool, `echo`, and nothing that takes time. It never asks its client anything. */
import { createInterface } from 'node:readline';

const say = (id, result) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
const DESCRIPTION = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: {} },
  serverInfo: { name: 'minimal', version: '1' },
};

function answer({ method, params }) {
  if (method === 'initialize') return DESCRIPTION;
  if (method !== 'tools/call') return {};
  return { content: [{ type: 'text', text: `Echo: ${params.arguments.message}` }] };
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line);
  if (message.id !== undefined) say(message.id, answer(message));
});
