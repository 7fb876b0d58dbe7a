// Traffic of every kind, where each request can be told from all others: an upstream that counts what it was asked to do, and
// callers that write down what they were told. For tests of what must hold under load: drain, reload, kill -9.
import { randomBytes } from 'node:crypto';
import { Agent, createServer, request } from 'node:http';
import { Agent as AgentTls, request as requestTls } from 'node:https';
import { claim, modernHeaders } from './wire.mjs';

const NAMES = ['read', 'write'];
const TOOLS = NAMES.map((name) => ({ name, description: `The tool ${name}`, inputSchema: { type: 'object' } }));

/** How the gateway must be configured for this upstream: `write` has side effects, all else is reading. */
export const SERVER_TOOLS = { write: { kind: 'mutate' }, '*': { kind: 'read' } };
export const LOAD_POLICY = 'tools: {allowlist: ["mcp://load/read", "mcp://load/write"]}\n';

/** An upstream on a free port. Requests are known by the trace id that the gateway hands on. */
export async function startUpstream() {
  const executions = new Map(); // trace id: {count, method, tool}
  const held = [];
  const server = createServer(async (req, res) => {
    const chunks = [];
    try {
      for await (const chunk of req) chunks.push(chunk);
    } catch {
      return; // the gateway was killed while it sent this
    }
    res.on('error', () => {});
    const message = req.method === 'POST' ? JSON.parse(Buffer.concat(chunks).toString('utf8')) : undefined;
    const trace = req.headers.traceparent?.split('-')[1];
    const seen = executions.get(trace) ?? { count: 0, method: message?.method ?? req.method, tool: message?.params?.name };
    executions.set(trace, { ...seen, count: seen.count + 1 });
    answer(req, res, message, held);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/mcp`,
    port: server.address().port,
    executions,
    /** How many calls wait for release(). */
    holding: () => held.length,
    release: () => held.splice(0).forEach((finish) => finish()),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const NO_DATA = { 'cache-control': 'no-cache', 'content-type': 'text/event-stream' };
const event = (message) => `data: ${JSON.stringify(message)}\n\n`;

function answer(req, res, message, held) {
  const json = (value, headers = {}) => {
    const bytes = Buffer.from(JSON.stringify(value));
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers }).end(bytes);
  };
  if (req.method === 'GET') {
    res.writeHead(200, NO_DATA);
    return res.write(event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'hello' } }));
  }
  if (message?.id === undefined || message.method === undefined) return res.writeHead(202).end();
  const modern = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  const more = modern ? { resultType: 'complete' } : {};
  const result = (value) => ({ jsonrpc: '2.0', id: message.id, result: { ...value, ...more } });
  if (message.method === 'initialize') {
    const { protocolVersion, clientInfo } = message.params;
    const serverInfo = { name: 'load', version: '1.0.0' };
    return json(result({ protocolVersion, capabilities: { tools: {} }, serverInfo }), { 'mcp-session-id': `up-${clientInfo.name}` });
  }
  if (message.method === 'tools/list') return json(result({ tools: TOOLS, ...(modern && { ttlMs: 0, cacheScope: 'private' }) }));
  if (message.method === 'subscriptions/listen') {
    res.writeHead(200, NO_DATA);
    const _meta = { 'io.modelcontextprotocol/subscriptionId': message.id };
    return res.write(event({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: { notifications: {}, _meta } }));
  }
  const { word = '', hold = false, events = 0 } = message.params?.arguments ?? {};
  const done = result({ content: [{ type: 'text', text: `done ${word}` }] });
  const finish = () => {
    if (events === 0) return json(done);
    if (!res.headersSent) res.writeHead(200, NO_DATA);
    for (let i = 0; i < events; ++i)
      res.write(event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: `${word} ${i}` } }));
    return res.end(event(done));
  };
  if (!hold) return finish();
  if (events > 0) res.writeHead(200, NO_DATA).flushHeaders();
  held.push(finish);
}

// ---- requests: {headers, body} and what a caller may expect

const rpc = (id, method, params) => JSON.stringify({ jsonrpc: '2.0', id, method, params });
const modernBody = (id, method, params) => rpc(id, method, { ...params, _meta: claim() });
const calling = (tool, args = {}) => (trace) => ({
  headers: modernHeaders('tools/call', tool),
  body: modernBody(1, 'tools/call', { name: tool, arguments: { word: trace, ...args } }),
});

/** By kind of traffic: trace id (and legacy session's headers) to {method?, headers, body}. */
export const REQUESTS = {
  read: calling('read'),
  write: calling('write'),
  readEvents: calling('read', { events: 3 }),
  writeEvents: calling('write', { events: 2 }),
  hidden: calling('absent'),
  list: () => ({ headers: modernHeaders('tools/list'), body: modernBody(2, 'tools/list', {}) }),
  notify: () => ({
    headers: modernHeaders('notifications/cancelled'),
    body: modernBody(undefined, 'notifications/cancelled', { requestId: 77 }),
  }),
  legacyRead: (trace, session) => ({ headers: session, body: rpc(3, 'tools/call', { name: 'read', arguments: { word: trace } }) }),
  legacyNotify: (trace, session) => ({ headers: session, body: rpc(undefined, 'notifications/initialized') }),
  heldRead: calling('read', { hold: true }),
  heldWrite: calling('write', { hold: true }),
  heldEvents: calling('write', { hold: true, events: 2 }),
  listen: () => ({
    headers: modernHeaders('subscriptions/listen'),
    body: modernBody(4, 'subscriptions/listen', { notifications: { toolsListChanged: true } }),
  }),
  stream: (trace, session) => ({ method: 'GET', headers: session }),
};

// ---- callers

/**
 * One caller with one kept connection at a time; `kept: false` takes a new connection for each request. `tls`: as node:tls;
 * `headers` go with all requests.
 */
export class Caller {
  constructor(url, { kept = true, tls = {}, headers = {} } = {}) {
    this.url = new URL(url);
    this.headers = headers;
    const secure = this.url.protocol === 'https:';
    this.request = secure ? (options) => requestTls({ ...options, ...tls }) : request;
    this.agent = kept ? new (secure ? AgentTls : Agent)({ keepAlive: true, maxSockets: 1 }) : false;
    this.session = undefined;
  }

  /** Opens a legacy session, whose headers the legacy kinds need. */
  async open(name) {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name, version: '1' } };
    const told = await this.#send({ headers: {}, body: rpc(0, 'initialize', params) }, randomTrace());
    if (told.session === undefined) throw new Error(`no session: ${JSON.stringify(told)}`);
    this.session = { 'mcp-session-id': told.session, 'mcp-protocol-version': '2025-11-25' };
    return told;
  }

  /**
   * Sends one request and resolves when its exchange is over, however that comes about:
   * {kind, trace, status, entry, message, whole, closes, reused, refused, error}. `message` is the final JSON-RPC message, if
   * it came; `whole`: the HTTP answer came to its end; `reused`: on a connection that an earlier answer left open; `refused`:
   * no connection was made; `onHead` is told when the head has come.
   */
  ask(kind, { trace = randomTrace(), onHead = () => {} } = {}) {
    const asked = REQUESTS[kind](trace, this.session);
    return this.#send(asked, trace, onHead).then((told) => ({ kind, ...told }));
  }

  #send({ method = 'POST', headers, body }, trace, onHead = () => {}) {
    const { hostname, port, pathname } = this.url;
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const all = {
      accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
      traceparent: `00-${trace}-${randomBytes(8).toString('hex')}-01`,
      ...(bytes && { 'content-type': 'application/json', 'content-length': bytes.length }),
      ...this.headers,
      ...headers,
    };
    return new Promise((resolve) => {
      const told = { trace, status: undefined, entry: undefined, message: undefined, whole: false };
      const req = this.request({ hostname, port, path: pathname, method, headers: all, agent: this.agent });
      const failed = (error) =>
        resolve({ ...told, error: error.code ?? error.message, reused: req.reusedSocket, refused: error.syscall === 'connect' });
      req.once('error', failed).once('response', (res) => {
        told.status = res.statusCode;
        told.entry = res.headers['x-durward-entry'];
        told.session = res.headers['mcp-session-id'];
        told.closes = res.headers.connection === 'close';
        told.reused = req.reusedSocket;
        onHead(told);
        let text = '';
        const over = () => resolve({ ...told, whole: res.complete, message: finalMessage(res, text) });
        res.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        res.once('close', over).once('error', () => {});
      });
      req.end(bytes);
    });
  }

  close() {
    if (this.agent) this.agent.destroy();
  }
}

// The last response among what has arrived: of a stream's whole events, or of a whole JSON body.
function finalMessage(res, text) {
  if (text === '') return undefined;
  if (!/^text\/event-stream/.test(res.headers['content-type'] ?? '')) return res.complete ? JSON.parse(text) : undefined;
  const whole = text.split('\n\n').slice(0, -1);
  const messages = whole.flatMap((one) => /^data:(.+)$/m.exec(one)?.[1] ?? []).map((one) => JSON.parse(one));
  return messages.findLast((message) => message.id !== undefined && message.method === undefined);
}

export const randomTrace = () => randomBytes(16).toString('hex');

/** A generator of numbers in [0, 1) that a seed fixes: a failure can be repeated. */
export function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
