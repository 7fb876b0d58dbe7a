// A scripted upstream: a test takes one request out of the stream of requests and answers it byte by byte.
import { createServer } from 'node:http';

const TOOLS = ['echo', 'hidden'].map((name) => ({ name, description: `The tool ${name}`, inputSchema: { type: 'object' } }));

export async function startStub() {
  const requests = [];
  const waiting = [];

  const server = createServer(async (req, res) => {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const up = new Upstream(req, res, Buffer.concat(chunks));
    requests.push(up);
    const at = waiting.findIndex(({ wanted }) => wanted(up));
    if (at >= 0) waiting.splice(at, 1)[0].resolve(up);
    else byDefault(up);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();

  return {
    url: `http://127.0.0.1:${port}/mcp`,
    authority: `127.0.0.1:${port}`,
    requests,
    /** What arrived with this mark anywhere in its body or headers. */
    with: (mark) => requests.filter((up) => up.has(mark)),
    /** The next request with this mark, or one that a function wants; whoever asks must answer it. */
    expect(mark) {
      const wanted = typeof mark === 'function' ? mark : (up) => up.has(mark);
      return new Promise((resolve) => waiting.push({ wanted, resolve }));
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** One request that reached the upstream, and its answer. */
class Upstream {
  constructor(req, res, body) {
    Object.assign(this, { verb: req.method, headers: req.headers, rawHeaders: req.rawHeaders, body, res });
    this.text = body.toString('latin1');
    try {
      this.message = JSON.parse(body.toString('utf8'));
    } catch {
      this.message = undefined;
    }
    /** Resolves when the gateway gives this exchange up before it was answered to the end. */
    this.gone = new Promise((resolve) => res.once('close', () => res.writableFinished || resolve('gone')));
  }

  has(mark) {
    return this.text.includes(mark) || this.rawHeaders.some((value) => value.includes(mark));
  }

  /** A whole answer; a string or Buffer goes out as it is. */
  json(value, { status = 200, headers = {} } = {}) {
    const bytes = Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value));
    this.res.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers }).end(bytes);
  }

  result(result, options) {
    this.json({ jsonrpc: '2.0', id: this.message.id, result }, options);
  }

  empty(status) {
    this.res.writeHead(status).end();
  }

  sse(headers = {}) {
    this.res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', ...headers });
    this.res.flushHeaders();
    return this;
  }

  write(bytes) {
    this.res.write(bytes);
    return this;
  }

  event(message, lines = '') {
    return this.write(`${lines}data: ${typeof message === 'string' ? message : JSON.stringify(message)}\n\n`);
  }

  end() {
    this.res.end();
  }

  /** Ends the connection without ending the answer: with a FIN, or with a reset. */
  die(how = 'fin') {
    if (how === 'fin') this.res.socket.end();
    else this.res.socket.resetAndDestroy();
  }
}

// What nobody scripted: enough of a server of both eras for handshakes and for the gateway's own questions.
function byDefault(up) {
  const { message } = up;
  if (up.verb === 'DELETE') return up.empty(200);
  if (up.verb !== 'POST') return up.empty(405);
  if (message === undefined || Array.isArray(message) || message.id === undefined || message.method === undefined) return up.empty(202);
  const modern = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  const complete = modern ? { resultType: 'complete' } : {};
  const cached = modern ? { ttlMs: 0, cacheScope: 'public' } : {};
  const serverInfo = { name: 'stub', version: '1.0.0' };
  switch (message.method) {
    case 'initialize': {
      const { protocolVersion, clientInfo } = message.params;
      const headers = { 'mcp-session-id': `upstream-${clientInfo?.name}` };
      return up.result({ protocolVersion, capabilities: { tools: {} }, serverInfo }, { headers });
    }
    case 'server/discover':
      return up.result({ supportedVersions: ['2026-07-28', '2099-01-01'], capabilities: { tools: {} }, ...complete, ...cached });
    case 'tools/list':
      return up.result({ tools: TOOLS, ...complete, ...cached });
    case 'prompts/list':
      return up.result({ prompts: [], ...complete, ...cached });
    case 'resources/list':
      return up.result({ resources: [], ...complete, ...cached });
    case 'resources/templates/list':
      return up.result({ resourceTemplates: [], ...complete, ...cached });
    case 'tools/call':
      return up.result({ content: [{ type: 'text', text: 'default' }], ...complete });
    default:
      return up.json({ jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'Method not found' } }, { status: modern ? 404 : 200 });
  }
}
