// A client without manners: it sends exactly the bytes and headers that it is given, and sees exactly what comes back.
import { request } from 'node:http';
import { request as requestTls } from 'node:https';

export const MODERN = '2026-07-28';
const LAST_RESORT_MS = 10_000;

/** Sends one request. Header values may be arrays (repeated fields); undefined leaves a header out. `from` is a local address; `tls` what node:tls takes. */
export function send(url, { method = 'POST', headers = {}, body, from, tls = {}, agent = false } = {}) {
  const { protocol, hostname, port, pathname, search, host } = new URL(url);
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const all = {
    host,
    ...(method === 'GET' ? { accept: 'text/event-stream' } : method === 'POST' ? { accept: 'application/json, text/event-stream' } : {}),
    ...(bytes && { 'content-type': 'application/json', 'content-length': String(bytes.length) }),
    connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [value].flat().flatMap((one) => [name, one])));
  const ask = protocol === 'https:' ? requestTls : request;
  const req = ask({ hostname, port, path: `${pathname}${search}`, method, headers: lines, agent, localAddress: from, ...tls });
  return new Exchange(req, bytes);
}

class Exchange {
  #received = Buffer.alloc(0);
  #wake = () => {};
  #done = false;

  constructor(req, bytes) {
    this.req = req;
    this.head = within(
      new Promise((resolve, reject) => {
        req.once('response', (res) => resolve(this.#watch(res)));
        req.once('error', reject);
      }),
      'a response',
    );
    this.head.catch(() => {});
    req.on('error', () => {});
    req.end(bytes);
  }

  #watch(res) {
    this.res = res;
    res.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    const finish = () => {
      this.#done = true;
      this.#wake();
    };
    res.on('error', finish).on('end', finish).on('close', finish);
    return res;
  }

  /** Waits until the bytes so far satisfy `enough`; rejects when the stream ends or a time passes without. */
  async until(enough, what = 'bytes') {
    await this.head;
    await within(
      (async () => {
        while (!enough(this.#received)) {
          if (this.#done) throw new Error(`the stream ended before ${what}: ${this.#received}`);
          await new Promise((resolve) => (this.#wake = resolve));
        }
      })(),
      what,
    );
    return this.#received;
  }

  /** Waits until this text has arrived. */
  has(text) {
    return this.until((bytes) => bytes.includes(text), text);
  }

  /** Waits for the end: {status, headers, bytes, text, json, clean}; not clean if the connection broke. */
  async whole() {
    const res = await this.head;
    await within(
      (async () => {
        while (!this.#done) await new Promise((resolve) => (this.#wake = resolve));
      })(),
      'the end',
    );
    return new Answer(res, this.#received);
  }

  leave() {
    this.req.destroy();
  }
}

class Answer {
  constructor(res, bytes) {
    Object.assign(this, { status: res.statusCode, headers: res.headers, bytes, clean: res.complete });
  }

  get text() {
    return this.bytes.toString('utf8');
  }

  /** The JSON body, or the last message of an SSE body. */
  get json() {
    if (!/^text\/event-stream/.test(this.headers['content-type'] ?? '')) return JSON.parse(this.text);
    return JSON.parse(this.text.split(/\r?\n/).filter((line) => line.startsWith('data:') && line.length > 6).at(-1).slice(5));
  }

  get error() {
    return this.json.error;
  }
}

export function within(promise, what, ms = LAST_RESORT_MS) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

let count = 0;
/** A word that no other request has. */
export const mark = () => `mark${process.pid}x${++count}x`;

export const claim = (version = MODERN) => ({
  'io.modelcontextprotocol/protocolVersion': version,
  'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
});

/** Headers that agree with a modern body. */
export const modernHeaders = (method, name, version = MODERN) => ({
  'mcp-protocol-version': version,
  'mcp-method': method,
  ...(name !== undefined && { 'mcp-name': name }),
});

/** A modern request as {headers, body}. */
export function modern(method, params = {}, { id = 1, headers = {} } = {}) {
  const body = JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: claim() } });
  return { headers: { ...modernHeaders(method, params.name ?? params.uri), ...headers }, body };
}

export const call = (args, options) => modern('tools/call', { name: 'echo', arguments: args }, options);

/** Opens a legacy session; `version` is what is offered (and, by the stub, agreed). */
export async function openSession(url, { version = '2025-11-25', name = mark(), tls } = {}) {
  const params = { protocolVersion: version, capabilities: { elicitation: {} }, clientInfo: { name, version: '1' } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  const answer = await send(url, { body, tls }).whole();
  const id = answer.headers['mcp-session-id'];
  if (answer.status !== 200 || !id) throw new Error(`no session: ${answer.status} ${answer.text}`);
  const headers = { 'mcp-session-id': id, 'mcp-protocol-version': version };
  return {
    id,
    name,
    answer,
    upstreamId: `upstream-${name}`,
    headers,
    post: (message, more = {}) => send(url, { tls, headers: { ...headers, ...more }, body: typeof message === 'string' ? message : JSON.stringify(message) }),
    get: (more = {}) => send(url, { tls, method: 'GET', headers: { ...headers, ...more } }),
    delete: () => send(url, { tls, method: 'DELETE', headers }),
  };
}
