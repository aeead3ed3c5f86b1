/**
 * A stand-in for the Anthropic Messages API on loopback: it makes Claude call one MCP tool and then repeat
 * the tool's answer as "FINAL: …". Plain JavaScript, because the demo runs it without a build.
 */
import { createServer } from 'node:http';

const MODEL = 'claude-mock';
const USAGE = { input_tokens: 1, output_tokens: 1 };

const textOf = (content) => {
  if (typeof content === 'string') return content;
  return (content ?? []).map((block) => block.text ?? '').join('');
};

/** The blocks of the last assistant turn and of everything the client sent after it. */
function lastTurn(messages) {
  const index = messages.findLastIndex(({ role }) => role === 'assistant');
  const blocks = (list) => list.flatMap(({ content }) => (Array.isArray(content) ? content : []));
  return { asked: index < 0 ? [] : blocks([messages[index]]), answered: blocks(messages.slice(index + 1)) };
}

/** What the "model" says next: the tool call, the search for a deferred tool before it, or the last word. */
function nextBlock({ messages = [], tools = [] }, tool) {
  const { asked, answered } = lastTurn(messages);
  const call = asked.find(({ type }) => type === 'tool_use');
  const result = call && answered.find((block) => block.tool_use_id === call.id);
  if (result && call.name === tool) return { type: 'text', text: `FINAL: ${textOf(result.content)}` };
  const offers = (name) => tools.some((offered) => offered.name === name);
  const use = (name, input) => ({
    type: 'tool_use',
    id: `toolu_${messages.length}_${Date.now()}`,
    name,
    input,
  });
  if (offers(tool) || result?.type === 'tool_result') return use(tool, {});
  // Claude 2.1.330 keeps MCP tools back until the model has searched for them.
  if (offers('ToolSearch')) return use('ToolSearch', { query: `select:${tool}`, max_results: 1 });
  return { type: 'text', text: 'NO TOOL' };
}

function eventsOf(message, block) {
  const isText = block.type === 'text';
  const delta = isText
    ? { type: 'text_delta', text: block.text }
    : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) };
  const stop = { stop_reason: message.stop_reason, stop_sequence: null };
  return [
    { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
    {
      type: 'content_block_start',
      index: 0,
      content_block: isText ? { ...block, text: '' } : { ...block, input: {} },
    },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: stop, usage: USAGE },
    { type: 'message_stop' },
  ];
}

function answer(response, body, tool) {
  const block = nextBlock(body, tool);
  const message = {
    id: `msg_${Date.now()}`,
    type: 'message',
    role: 'assistant',
    model: MODEL,
    content: [block],
    stop_reason: block.type === 'text' ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: USAGE,
  };
  if (!body.stream) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(message));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of eventsOf(message, block)) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}

/**
 * Starts the API on a free port; `requests` grows with every call Claude makes. `silent` never answers a
 * message, so that a session stays under way for as long as a test looks at it.
 */
export async function startAnthropicApi({ tool = 'mcp__code__server_status', silent = false } = {}) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    requests.push({ method: request.method, url: request.url, headers: request.headers, text });
    const { pathname } = new URL(request.url, 'http://127.0.0.1');
    if (pathname === '/v1/messages') {
      if (!silent) answer(response, JSON.parse(text), tool);
      return;
    }
    const isCount = pathname === '/v1/messages/count_tokens';
    response.writeHead(isCount ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isCount ? { input_tokens: 1 } : {}));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
