// Raw bytes on both sides: a client that writes what it is given, and an upstream that keeps every byte it gets.
import { connect, createServer } from 'node:net';
import { within } from './wire.mjs';

/** What the vectors' placeholders stand for. Vectors are bytes, one for each character of U+0000 to U+00FF. */
export function expand(raw, words) {
  const fields = (count) => Array.from({ length: count }, (_, i) => `X${i}: y\r\n`).join('');
  const body = words.call ?? words.answer ?? '';
  const all = {
    len: String(body.length),
    hex: body.length.toString(16),
    HEX: body.length.toString(16).toUpperCase(),
    '20k': 'a'.repeat(20_000),
    '8k': 'a'.repeat(8192),
    '80 fields': fields(80),
    '101 fields': fields(101),
    ...words,
  };
  const text = raw.replace(/\{([a-zA-Z0-9 ]+)\}/g, (whole, word) => all[word] ?? whole);
  return Buffer.from(text, 'latin1');
}

/** The messages at the front of bytes, and what is left: {messages: [{head, body}], rest}. Framed by Content-Length or not at all. */
export function messages(bytes) {
  const found = [];
  for (;;) {
    const blank = bytes.indexOf('\r\n\r\n');
    if (blank < 0) return { messages: found, rest: bytes };
    const head = bytes.subarray(0, blank).toString('latin1');
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (bytes.length < blank + 4 + length) return { messages: found, rest: bytes };
    found.push({ head, body: bytes.subarray(blank + 4, blank + 4 + length).toString('latin1') });
    bytes = bytes.subarray(blank + 4 + length);
  }
}

/**
 * Writes bytes, and ends its own side once there are `answers` answers, or at once if none is to be waited for. Resolves when
 * the connection is closed: {statuses, text, closed}; closed: the gateway ended it first.
 */
export function speak(port, bytes, { answers = Infinity } = {}) {
  return within(
    new Promise((resolve) => {
      let got = Buffer.alloc(0);
      let closed = false;
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
        socket.write(bytes);
        if (answers === 0) socket.end();
      });
      socket.on('data', (chunk) => {
        got = Buffer.concat([got, chunk]);
        if (answers > 0 && messages(got).messages.length >= answers) socket.end();
      });
      socket.on('end', () => {
        closed = !socket.writableEnded;
        socket.end();
      });
      socket.on('error', () => {}).on('close', () => {
        const statuses = messages(got).messages.map(({ head }) => Number(head.slice(9, 12)));
        resolve({ statuses, text: got.toString('latin1'), closed });
      });
    }),
    'the connection to end',
    30_000,
  );
}

/** An upstream that answers every JSON-RPC request with an empty result, and keeps what each connection has brought. */
export async function startRecorder() {
  const connections = [];
  const sockets = new Set();
  const server = createServer((socket) => {
    const seen = { bytes: Buffer.alloc(0), answered: 0 };
    connections.push(seen);
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      seen.bytes = Buffer.concat([seen.bytes, chunk]);
      for (const { body } of messages(seen.bytes).messages.slice(seen.answered)) {
        seen.answered++;
        socket.write(answer(body));
      }
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/mcp`,
    /** Each connection's messages, and the bytes that belong to none. */
    seen: () => connections.map(({ bytes }) => messages(bytes)),
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function answer(body) {
  let id = null;
  try {
    ({ id } = JSON.parse(body));
  } catch {}
  if (id === undefined) return 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n';
  const text = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [], resultType: 'complete' } });
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

/** Runs `work` over all items, a bounded number at a time. */
export async function eachOf(items, work, width = 32) {
  const queue = [...items];
  const worker = async () => {
    while (queue.length > 0) await work(queue.shift());
  };
  await Promise.all(Array.from({ length: width }, worker));
}
