// What callers and upstreams can do wrong on purpose, each once found to work: raw bytes over sockets.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { after, before, test as nodeTest } from 'node:test';
import { startGateway } from './gateway.mjs';
import { startStub } from './stub.mjs';
import { call, mark, modern, send, within } from './wire.mjs';

const test = (name, body) => nodeTest(name, { timeout: 30_000 }, body);
const POLICY = 'tools: {allowlist: ["mcp://stub/echo", "mcp://raw/echo", "mcp://dead/echo"]}\n';
let stub;
let raw; // an upstream that answers with the bytes of `answer`
let gateway;
let port;
let answer;

before(async () => {
  stub = await startStub();
  raw = createServer((socket) => {
    socket.on('error', () => {}).on('data', () => answer?.(socket));
  });
  await new Promise((resolve) => raw.listen(0, '127.0.0.1', resolve));
  const dead = createServer();
  await new Promise((resolve) => dead.listen(0, '127.0.0.1', resolve));
  const deadPort = dead.address().port;
  await new Promise((resolve) => dead.close(resolve));
  const servers = { stub: stub.url, raw: `http://127.0.0.1:${raw.address().port}/mcp`, dead: `http://127.0.0.1:${deadPort}/mcp` };
  gateway = await startGateway({ servers, policy: POLICY, settings: { limits: { header_read: '1s', body_grace: '1s' } } });
  ({ port } = gateway);
});
after(async () => {
  await gateway?.stop({ verify: true });
  stub?.stop();
  raw?.close();
});

/** Sends bytes as they are; resolves with all that comes back until the connection ends. */
function speak(bytes, { more } = {}) {
  return within(
    new Promise((resolve) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      socket.on('error', () => {}).on('close', () => resolve(text));
      socket.setEncoding('latin1').on('data', (chunk) => ((text += chunk), more?.(socket, text)));
    }),
    'the connection to end',
  );
}

const chunked = ({ headers, body }, trailers) =>
  [
    'POST /mcp/stub HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    'transfer-encoding: chunked',
    'connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    Buffer.byteLength(body).toString(16),
    body,
    '0',
    ...trailers,
    '',
    '',
  ].join('\r\n');

test('trailers cannot add to a head that was judged', async () => {
  const word = mark();
  const text = await speak(chunked(call({ word }), ['Mcp-Name: hidden', 'Mcp-Method: evil/method']));
  assert.match(text, /^HTTP\/1\.1 400 /);
  assert.equal(stub.with(word).length, 0);
  assert.match(await speak(chunked(call({ word: mark() }), [])), /^HTTP\/1\.1 200 /);
});

test('a chunk extension without end is cut off', async () => {
  const { headers } = call({});
  const start = ['POST /mcp/stub HTTP/1.1', `host: 127.0.0.1:${port}`, 'content-type: application/json', 'transfer-encoding: chunked', ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', `5;${'a'.repeat(64 << 10)}`].join('\r\n');
  assert.match(await speak(start), /^HTTP\/1\.1 400 /);
});

test('HTTP/1.0 is refused', async () => {
  const { headers, body } = modern('tools/list');
  const lines = ['POST /mcp/stub HTTP/1.0', `host: 127.0.0.1:${port}`, 'content-type: application/json', `content-length: ${body.length}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', body];
  assert.match(await speak(lines.join('\r\n')), /^HTTP\/1\.1 505 /);
});

test('the answer to HEAD has no body, and the connection ends', async () => {
  const text = await speak(`HEAD /mcp/stub HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
  assert.match(text, /^HTTP\/1\.1 405 /);
  assert.ok(text.endsWith('\r\n\r\n'), text);
});

test('a head that trickles past limits.header_read is not let off', async () => {
  let sent = 0;
  const socket = connect(port, '127.0.0.1');
  const drip = setInterval(() => (sent++ < 40 ? socket.write('x') : clearInterval(drip)), 40);
  socket.write('POST /mcp/stub HTTP/1.1\r\nx: ');
  socket.on('error', () => {}).resume();
  await within(new Promise((resolve) => socket.once('close', resolve)), 'the close');
  clearInterval(drip);
});

test('a body that came fast buys no silence for its last byte', async () => {
  const size = 1 << 20;
  const text = await speak(`POST /mcp/stub HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: ${size}\r\n\r\n${'x'.repeat(size - 1)}`);
  assert.match(text, /^HTTP\/1\.1 408 /);
});

test('a client that hangs up behind an early byte is seen to leave', async () => {
  const word = mark();
  const arriving = stub.expect(word);
  const { headers, body } = call({ word });
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write([`POST /mcp/stub HTTP/1.1`, `host: 127.0.0.1:${port}`, 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', body].join('\r\n'));
  const up = await within(arriving, 'the call');
  socket.write('\r\n', () => socket.destroy());
  assert.equal(await within(up.gone, 'the upstream exchange to close', 3_000), 'gone');
});

/** A call as bytes, with `connection: keep-alive`; padded to `size` bytes in all if that is given. */
function posted(args, size) {
  const bytes = (pad) => {
    const { headers, body } = call({ ...args, pad });
    const fields = Object.entries({ host: `127.0.0.1:${port}`, 'content-type': 'application/json', ...headers, 'content-length': Buffer.byteLength(body) });
    return `POST /mcp/stub HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
  };
  const padded = 'x'.repeat(size ? size - bytes('x'.repeat(10_000)).length + 10_000 : 0);
  return bytes(padded);
}

/** Resolves when the gateway has taken from the system all that this socket has written: as /proc/net/tcp shows its two ends. */
function taken(socket) {
  const hex = (number) => number.toString(16).toUpperCase().padStart(4, '0');
  const look = async () => {
    for (;;) {
      const lines = (await readFile('/proc/net/tcp', 'latin1')).split('\n');
      const queues = (from, to) => lines.map((line) => new RegExp(`:${hex(from)} [0-9A-F]{8}:${hex(to)} 01 ([0-9A-F]{8}):([0-9A-F]{8}) `).exec(line)).find(Boolean);
      const [ours, theirs] = [queues(socket.localPort, port), queues(port, socket.localPort)];
      if (socket.writableLength === 0 && ours?.[1] === '00000000' && theirs?.[2] === '00000000') return;
      await new Promise(setImmediate);
    }
  };
  return within(look(), 'the gateway to read');
}

test('a client that hangs up behind a whole request of header size, sent early, is seen to leave', async () => {
  const words = [mark(), mark()];
  const arriving = words.map((word) => stub.expect(word));
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}).resume();
  socket.write(posted({ word: words[0] }));
  const first = await within(arriving[0], 'the first call');
  const early = posted({ word: words[1] }, 16 << 10);
  assert.equal(early.length, 16 << 10);
  socket.write(early);
  await taken(socket);
  first.result({ content: [], resultType: 'complete' });
  const second = await within(arriving[1], 'the second call');
  socket.destroy();
  assert.equal(await within(second.gone, 'the upstream exchange to close', 3_000), 'gone');
});

test('a batch of notifications that cannot be delivered is refused by the table', async () => {
  const body = '[{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}]';
  const refused = await send(gateway.url('dead'), { body, headers: { 'mcp-protocol-version': '2025-03-26' } }).whole();
  assert.ok([502, 503, 504].includes(refused.status), `${refused.status} ${refused.text}`);
  assert.equal(refused.error.code, 42502);
  assert.ok(!('id' in refused.json));
});

test('an upstream whose chunk framing never ends is given up', async () => {
  answer = (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n');
    socket.write(`5;${'a'.repeat(64 << 10)}`);
  };
  const failed = await send(gateway.url('raw'), call({ word: mark() })).whole();
  assert.equal(failed.error.code, 42502, failed.text);
});

test('a verb with a revision that nobody speaks is refused', async () => {
  for (const method of ['GET', 'DELETE']) {
    const refused = await send(gateway.url('stub'), { method, headers: { 'mcp-protocol-version': 'evil-2020' } }).whole();
    assert.equal(refused.status, 400, refused.text);
    assert.equal(refused.error.code, -32022);
  }
});
