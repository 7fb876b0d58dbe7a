// Everything has a limit: each is crossed here over the wire, and what is just within it passes.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test as nodeTest } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startGateway } from './gateway.mjs';
import { startIssuer } from './issuer.mjs';
import { logLines } from './observe.mjs';
import { start } from './process.mjs';
import { startStub } from './stub.mjs';
import { startTokenServer } from './token_server.mjs';
import { call, mark, modern, openSession, send, within } from './wire.mjs';

const titles = new Set();
const test = (name, ...rest) => (titles.add(name), nodeTest(name, { timeout: 60_000, ...(rest.length > 1 && rest[0]) }, rest.at(-1)));
const WAITING = { concurrency: 3 }; // of cases that wait for a limit most of their time
const ECHO = 'tools: {allowlist: ["mcp://stub/echo", "mcp://deaf/echo", "mcp://demo/math.add"]}\n';
const KIB = 1 << 10;
const json = { 'content-type': 'application/json' };

let stub;
before(async () => (stub = await startStub()));
after(() => stub?.stop());

const done = (up, text = 'done') => ({ jsonrpc: '2.0', id: up.message.id, result: { content: [{ type: 'text', text }], resultType: 'complete' } });
const log = (data) => ({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data } });

const startLimited = (limits, { servers = { stub: stub.url }, ...more } = {}) => startGateway({ servers, policy: ECHO, settings: { limits }, ...more });

/** Runs body(gateway, url) and returns the records that the gateway left. */
async function withLimits(limits, body, more) {
  const gateway = await startLimited(limits, more);
  let end;
  try {
    await body(gateway, gateway.url('stub'));
  } finally {
    end = await gateway.stop({ verify: true });
  }
  return end.records;
}

/** One gateway for all tests of a describe. */
function shared(limits, more) {
  const here = { url: (server = 'stub') => here.gateway.url(server) };
  before(async () => (here.gateway = await startLimited(limits, more)));
  after(() => here.gateway?.stop({ verify: true }));
  return here;
}

/** A call that is at the upstream: {client, up, word}. */
async function arrived(url, args = {}, { from } = {}) {
  const word = mark();
  const arriving = stub.expect(word);
  const client = send(url, { ...call({ word, ...args }), from });
  const up = await within(Promise.race([arriving, client.whole().then((answer) => Promise.reject(new Error(`not forwarded: ${answer.text}`)))]), 'the call');
  return { client, up, word };
}

/** A connection that sends exactly these bytes. `closed` gives all that came back, and after how many milliseconds. */
function raw(url, bytes = '', { from = '127.0.0.1' } = {}) {
  const began = performance.now();
  const socket = connect({ host: new URL(url).hostname.replace(/[[\]]/g, ''), port: Number(new URL(url).port), localAddress: from });
  const line = { socket, text: '' };
  let wake = () => {};
  socket.setEncoding('latin1').on('data', (chunk) => ((line.text += chunk), wake()));
  socket.on('error', () => {});
  line.closed = new Promise((resolve) => socket.once('close', () => resolve({ text: line.text, ms: performance.now() - began })));
  line.has = (pattern) => {
    const there = new Promise((resolve) => (wake = () => pattern.test(line.text) && resolve()));
    wake();
    return within(Promise.race([there, line.closed.then(() => assert.match(line.text, pattern))]), pattern);
  };
  if (bytes) socket.write(bytes);
  return line;
}

const head = (fields) => `POST /mcp/stub HTTP/1.1\r\nHost: localhost:PORT\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
const posting = (url, fields) => head(['Content-Type: application/json', ...fields]).replace('PORT', new URL(url).port);
const kept = (url) => posting(url, ['Content-Length: 2']) + '{}'; // refused, and the connection is kept

/** An answer that the gateway made in place of the upstream's. */
async function assertFailed(client, code, effect) {
  const answer = await client.whole();
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.clean);
  assert.equal(answer.error?.code, code, answer.text.slice(0, 500));
  assert.equal(answer.error.data.effect, effect, answer.text);
  return answer;
}

describe('the size of a request', () => {
  const here = shared({ body_bytes: '64KiB', header_bytes: '4KiB', header_fields: 40, json_depth: 8, baggage_bytes: 64 });

  const passesUpTo = (name, [status, code], within_, over) =>
    test(name, async () => {
      const good = await send(here.url(), within_()).whole();
      assert.equal(good.status, 200, good.text);
      assert.equal(good.error, undefined, good.text);
      const word = mark();
      const answer = await send(here.url(), over(word)).whole();
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.error.code, code, answer.text);
      assert.equal(stub.with(word).length, 0);
    });

  const padded = (bytes, word = mark()) => {
    const empty = call({ word, pad: '' });
    return call({ word, pad: 'x'.repeat(bytes - empty.body.length) });
  };
  passesUpTo('limits.body_bytes', [413, -32600], () => padded(64 * KIB), (word) => padded(64 * KIB + 1, word));

  const long = (bytes, word) => call({ word }, { headers: { 'x-long': 'x'.repeat(bytes) } });
  passesUpTo('limits.header_bytes', [431, -32600], () => long(3 * KIB), (word) => long(4 * KIB, word));

  // Besides these a modern call has 8 fields: five of its framing, three that name version, method and tool.
  const fields = (count, word) => call({ word }, { headers: Object.fromEntries([...Array(count - 8)].map((_, i) => [`x-${i}`, 'y'])) });
  passesUpTo('limits.header_fields', [431, -32600], () => fields(40), (word) => fields(41, word));

  // The message, its params, their arguments: three; then arrays.
  const deep = (depth, word) => call({ word, deep: JSON.parse('['.repeat(depth - 3) + ']'.repeat(depth - 3)) });
  passesUpTo('limits.json_depth', [400, -32700], () => deep(8), (word) => deep(9, word));

  test('a length over limits.body_bytes is refused before anything of the body came', async () => {
    for (const expectation of [[], ['Expect: 100-continue']]) {
      const line = raw(here.url(), posting(here.url(), ['Content-Length: 68719476736', ...expectation]));
      const { text } = await within(line.closed, 'the close');
      assert.match(text, /^HTTP\/1\.1 413 [^]*"code":-32600/);
    }
  });

  test('a chunked body is refused as soon as it is over limits.body_bytes', async () => {
    const line = raw(here.url(), posting(here.url(), ['Transfer-Encoding: chunked']));
    for (let i = 0; i < 5; ++i) line.socket.write(`4000\r\n${'x'.repeat(16 * KIB)}\r\n`); // and no end
    assert.match((await within(line.closed, 'the close')).text, /^HTTP\/1\.1 413 /);
  });

  test('limits.batch: 32 messages pass, 33 are 400', async () => {
    const session = await openSession(here.url(), { version: '2025-03-26' });
    const pings = (count, word) => [...Array(count)].map((_, i) => ({ jsonrpc: '2.0', id: `${word}-${i}`, method: 'ping' }));
    const word = mark();
    const arriving = stub.expect(word);
    const client = session.post(pings(32, word));
    const up = await within(arriving, 'the batch');
    up.json(up.message.map(({ id }) => ({ jsonrpc: '2.0', id, result: {} })));
    assert.equal((await client.whole()).json.length, 32);
    const over = mark();
    const answer = await session.post(pings(33, over)).whole();
    assert.equal(answer.status, 400, answer.text);
    assert.equal(answer.error.code, -32600);
    assert.equal(stub.with(over).length, 0);
  });

  test('limits.baggage_bytes: more is dropped whole, over one field or several', async () => {
    const forwarded = async (baggage) => {
      const word = mark();
      const answer = await send(here.url(), call({ word }, { headers: { baggage } })).whole();
      assert.equal(answer.error, undefined, answer.text);
      return stub.with(word)[0].headers.baggage;
    };
    const members = (bytes) => `a=${'x'.repeat(bytes - 6)},b=2`;
    assert.equal(await forwarded(members(64)), members(64));
    assert.equal(await forwarded(members(65)), undefined);
    assert.equal(await forwarded([members(40), members(40)]), undefined);
  });
});

describe('the time that a request takes', WAITING, () => {
  const here = shared({ header_read: '1s', body_grace: '1s', body_rate: '1KiB', idle: '2s' });

  test('limits.header_read: a head that stalls is 408', async () => {
    const { text, ms } = await within(raw(here.url(), 'POST /mcp/stub HTTP/1.1\r\nHost:').closed, 'the close');
    assert.match(text, /^HTTP\/1\.1 408 /);
    assert.ok(ms >= 1000, `after ${ms} ms`);
  });

  test('limits.body_grace and body_rate: a body that stalls is 408, one grace later if it kept up before', async () => {
    const body = (sent) => raw(here.url(), posting(here.url(), ['Content-Length: 10000']) + 'x'.repeat(sent));
    const lines = [body(0), body(2 * KIB)];
    const ends = await Promise.all(lines.map((line) => within(line.closed, 'the close')));
    for (const { text } of ends) assert.match(text, /^HTTP\/1\.1 408 [^]*"code":-32600/);
    assert.ok(ends[0].ms >= 1000, `after ${ends[0].ms} ms`);
    assert.ok(ends[1].ms >= 2000, `after ${ends[1].ms} ms`);
  });

  test('limits.idle: a connection without a request is closed, before the first and between two', async () => {
    const lines = [raw(here.url()), raw(here.url(), kept(here.url()))];
    await lines[1].has(/"code":/);
    const [unused, once] = await Promise.all(lines.map((line) => within(line.closed, 'the close')));
    assert.equal(unused.text, '');
    assert.equal(once.text.match(/HTTP\/1\.1 /g).length, 1, once.text);
    for (const { ms } of [unused, once]) assert.ok(ms >= 2000, `after ${ms} ms`);
  });
});

describe('what an upstream sends', () => {
  const here = shared({ answer_bytes: '32KiB', event_bytes: '16KiB', initialize_bytes: '4KiB', header_bytes: '4KiB', header_fields: 40, json_depth: 8 });

  /** A reply of exactly so many bytes. */
  const sized = (up, bytes) => done(up, 'x'.repeat(bytes - JSON.stringify(done(up, '')).length));

  test('limits.answer_bytes: a larger JSON answer is 42502, and the call may have run', async () => {
    const good = await arrived(here.url());
    good.up.json(sized(good.up, 32 * KIB));
    assert.equal((await good.client.whole()).bytes.length, 32 * KIB);
    const over = await arrived(here.url());
    over.up.json(sized(over.up, 32 * KIB + 1));
    const answer = await assertFailed(over.client, 42502, 'unknown');
    const records = (await here.gateway.records()).filter((record) => record.id === answer.headers['x-durward-entry']);
    assert.deepEqual(records.map(({ type, effect, facts }) => [type, effect, facts?.reason]), [['call', 'unknown', 'upstream_failed']]);
  });

  test('limits.answer_bytes: an endless answer is given up', async () => {
    const { client, up } = await arrived(here.url());
    up.res.writeHead(200, json);
    up.write(Buffer.alloc(33 * KIB, ' ')); // and no end
    await assertFailed(client, 42502, 'unknown');
    assert.equal(await within(up.gone, 'the upstream exchange to close'), 'gone');
  });

  for (const [what, of] of [
    ['a larger event', (up) => `data: ${JSON.stringify(sized(up, 16 * KIB))}\n\n`],
    ['an event without an end', () => `data: ${'x'.repeat(16 * KIB)}`],
    ['a comment without an end', () => `:${'x'.repeat(16 * KIB)}`],
  ]) {
    test(`limits.event_bytes: ${what} breaks the stream, and nothing of it passes`, async () => {
      const { client, up } = await arrived(here.url());
      up.sse().event(log('first'));
      const before_ = Buffer.from(await client.has('"first"'));
      up.write(of(up));
      const answer = await client.whole();
      assert.equal(answer.clean, false, 'a clean end');
      assert.equal(answer.bytes.length, before_.length);
      assert.equal(await within(up.gone, 'the upstream exchange to close'), 'gone');
    });
  }

  test('limits.event_bytes: it may be the first event, and one just within passes', async () => {
    const over = await arrived(here.url());
    over.up.sse();
    await over.client.head;
    over.up.event(sized(over.up, 16 * KIB));
    const answer = await over.client.whole();
    assert.equal(answer.clean, false, 'a clean end');
    assert.equal(answer.bytes.length, 0);
    const good = await arrived(here.url());
    good.up.sse().event(sized(good.up, 16 * KIB - 16)).end(); // "data: " and its line ends count
    assert.equal((await good.client.whole()).error, undefined);
  });

  test('limits.header_bytes and header_fields hold for answers, too', async () => {
    for (const headers of [{ 'x-long': 'x'.repeat(4 * KIB) }, Object.fromEntries([...Array(41)].map((_, i) => [`x-${i}`, 'y']))]) {
      const { client, up } = await arrived(here.url());
      up.json(done(up), { headers });
      await assertFailed(client, 42502, 'unknown');
    }
  });

  test('so does limits.json_depth', async () => {
    // The message and its result: two; then arrays.
    const deep = (up, depth) => ({ ...done(up), result: { deep: JSON.parse('['.repeat(depth - 2) + ']'.repeat(depth - 2)), resultType: 'complete' } });
    const good = await arrived(here.url());
    good.up.json(deep(good.up, 8));
    assert.equal((await good.client.whole()).error, undefined);
    const over = await arrived(here.url());
    over.up.json(deep(over.up, 9));
    await assertFailed(over.client, 42502, 'unknown');
    const streamed = await arrived(here.url());
    streamed.up.sse();
    await streamed.client.head;
    streamed.up.event(deep(streamed.up, 9));
    const answer = await streamed.client.whole();
    assert.deepEqual([answer.clean, answer.bytes.length], [false, 0]);
  });

  describe('limits.initialize_bytes', () => {
    const opening = async () => {
      const name = mark();
      const arriving = stub.expect(name);
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name, version: '1' } };
      const client = send(here.url(), { body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }) });
      return { client, up: await within(arriving, 'initialize') };
    };
    const agreed = (up, instructions = '') => ({ jsonrpc: '2.0', id: 0, result: { protocolVersion: up.message.params.protocolVersion, capabilities: {}, serverInfo: { name: 'stub', version: '1' }, instructions } });

    test('more events before the answer are 42502', async () => {
      const { client, up } = await opening();
      up.sse();
      for (let i = 0; i < 5; ++i) up.event(log('x'.repeat(KIB)));
      await assertFailed(client, 42502, 'unknown');
      assert.equal(await within(up.gone, 'the upstream exchange to close'), 'gone');
    });

    test('a larger JSON answer is 42502', async () => {
      const { client, up } = await opening();
      up.json(agreed(up, 'x'.repeat(4 * KIB)));
      await assertFailed(client, 42502, 'unknown');
    });

    test('a larger answer in an event is 42502', async () => {
      const { client, up } = await opening();
      up.sse().event(agreed(up, 'x'.repeat(4 * KIB))).end();
      await assertFailed(client, 42502, 'unknown');
    });

    test('fewer pass, in order', async () => {
      const { client, up } = await opening();
      up.sse();
      for (let i = 0; i < 3; ++i) up.event(log('x'.repeat(KIB)));
      up.event(agreed(up)).end();
      const answer = await client.whole();
      assert.equal(answer.text.match(/notifications\/message/g).length, 3);
      assert.equal(answer.error, undefined);
    });
  });
});

describe('the time that an upstream takes', WAITING, () => {
  const here = shared({ call: '1s', stream: '3s' });

  test('limits.call: a call without an answer is 42504, and may have run', async () => {
    const began = performance.now();
    const { client, up } = await arrived(here.url());
    const answer = await assertFailed(client, 42504, 'unknown');
    assert.ok(performance.now() - began >= 1000);
    assert.equal(await within(up.gone, 'the upstream exchange to close'), 'gone');
    const records = (await here.gateway.records()).filter((record) => record.id === answer.headers['x-durward-entry']);
    assert.deepEqual(records.map(({ type, effect, facts }) => [type, effect, facts?.reason]), [['call', 'unknown', 'upstream_timeout']]);
  });

  test('limits.call: it counts to the last byte, so a stream that has begun breaks', async () => {
    const began = performance.now();
    const { client, up } = await arrived(here.url());
    up.sse().event(log('first'));
    const answer = await client.whole();
    assert.ok(performance.now() - began >= 1000);
    assert.match(answer.text, /"first"/);
    assert.equal(answer.clean, false, 'a clean end');
    assert.equal(await within(up.gone, 'the upstream exchange to close'), 'gone');
  });

  test('limits.stream: a subscription and a GET stream outlive limits.call, and end', async () => {
    const session = await openSession(here.url());
    const arriving = [stub.expect((up) => up.message?.method === 'subscriptions/listen'), stub.expect((up) => up.verb === 'GET' && up.has(session.upstreamId))];
    const began = performance.now();
    const clients = [send(here.url(), modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, { id: 'listen:0' })), session.get()];
    const ups = await within(Promise.all(arriving), 'both streams');
    ups.forEach((up) => up.sse().write(': open\n\n'));
    for (const [i, client] of clients.entries()) {
      const answer = await client.whole();
      const ms = performance.now() - began;
      assert.ok(ms >= 3000, `after ${ms} ms`);
      assert.match(answer.text, /open/);
      assert.equal(await within(ups[i].gone, 'the upstream stream to close'), 'gone');
      const id = answer.headers['x-durward-entry'];
      await within((async () => { while (!(await here.gateway.records()).some((record) => record.id === id && record.type === 'outcome')); })(), 'its outcome on record');
    }
  });
});

test('limits.connect: a server that accepts no connection is 42504, and nothing ran', async () => {
  const deaf = await start('python3', [fileURLToPath(new URL('./deaf.py', import.meta.url))], { ready: /^deaf (\d+)$/m });
  try {
    const servers = { deaf: `http://127.0.0.1:${deaf.match[1]}/mcp` };
    await withLimits({ connect: '500ms' }, (gateway) => assertFailed(send(gateway.url('deaf'), call({ word: mark() })), 42504, 'none'), { servers });
  } finally {
    await deaf.stop();
  }
});

describe('how much at once', () => {
  test('limits.connections_per_address and limits.connections: more are 503, and recorded; a place comes back', async () => {
    const records = await withLimits({ connections_per_address: 2, connections: 3 }, async (gateway, url) => {
      const admitted = async (from) => {
        const line = raw(url, kept(url), { from });
        await line.has(/^HTTP\/1\.1 400 /);
        return line;
      };
      const turnedAway = async (from) => assert.match((await within(raw(url, '', { from }).closed, 'the close')).text, /^HTTP\/1\.1 503 [^]*"code":42503/);
      const lines = [await admitted('127.0.0.1'), await admitted('127.0.0.1')];
      try {
        await turnedAway('127.0.0.1');
        lines.push(await admitted('127.0.0.2'));
        await turnedAway('127.0.0.3');
        lines[0].socket.destroy();
        const back = async () => {
          for (;;) {
            const line = await admitted('127.0.0.3').catch(() => undefined);
            if (line) return line;
          }
        };
        lines.push(await within(back(), 'a place after one left'));
      } finally {
        lines.forEach((line) => line.socket.destroy());
      }
    });
    assert.ok(records.some((record) => record.type === 'refusal' && record.facts?.reason === 'too_many_connections'));
  });

  const v6 = Object.values(networkInterfaces()).flat().some(({ address }) => address === '::1');
  test('limits.connections_per_address over IPv6: what listens on ::1 counts its callers, too', { skip: !v6 && '::1 is no address of this machine' }, () =>
    withLimits({ connections_per_address: 2 }, async (gateway) => {
      const open = () => raw(`http://[::1]:${gateway.port}/`, `GET /mcp/stub HTTP/1.1\r\nHost: [::1]:${gateway.port}\r\n\r\n`, { from: '::1' });
      const lines = [open(), open()];
      try {
        for (const line of lines) await line.has(/^HTTP\/1\.1 4\d\d /); // a GET without a session; the connection is kept
        assert.match((await within(open().closed, 'the close')).text, /^HTTP\/1\.1 503 [^]*"code":42503/);
      } finally {
        lines.forEach((line) => line.socket.destroy());
      }
    }, { listen: { address: '::1' } }));

  test('limits.buffered_bytes: bodies that together are larger are 42503, until one is done', () =>
    withLimits({ buffered_bytes: '100KiB' }, async (gateway, url) => {
      const pad = 'x'.repeat(60 * KIB);
      const { client, up } = await arrived(url, { pad });
      const word = mark();
      const refused = await send(url, call({ word, pad })).whole();
      assert.equal(refused.status, 200);
      assert.equal(refused.error.code, 42503, refused.text);
      assert.ok(refused.headers['retry-after']);
      assert.equal(stub.with(word).length, 0);
      up.json(done(up));
      assert.equal((await client.whole()).error, undefined);
      const later = await send(url, call({ word: mark(), pad })).whole();
      assert.equal(later.error, undefined, later.text);
    }, { listen: { threads: 1 } }));

  test('limits.buffered_bytes counts answers, too', () =>
    withLimits({ buffered_bytes: '100KiB' }, async (gateway, url) => {
      const { client, up } = await arrived(url, { pad: 'x'.repeat(60 * KIB) });
      up.json(done(up, 'x'.repeat(60 * KIB)));
      await assertFailed(client, 42503, 'unknown');
    }));

  /** The gateway asks each server for its tools on its own: until that is over it may hold the only connection. */
  const untilFree = (url) =>
    within(
      (async () => {
        while ((await send(url, call({ word: mark() })).whole()).error);
      })(),
      'a free connection',
    );

  test('limits.upstream_connections: one call more than connections is 42503', () =>
    withLimits({ upstream_connections: 1 }, async (gateway, url) => {
      await untilFree(url);
      const { client, up } = await arrived(url);
      const word = mark();
      const refused = await send(url, call({ word })).whole();
      assert.equal(refused.status, 200);
      assert.equal(refused.error.code, 42503, refused.text);
      assert.equal(stub.with(word).length, 0);
      up.json(done(up));
      assert.equal((await client.whole()).error, undefined);
      const later = await send(url, call({ word: mark() })).whole();
      assert.equal(later.error, undefined, later.text);
    }, { listen: { threads: 1 } }));

  test('limits.upstream_connections: a connection that one loop keeps idle does not shut out the others', () =>
    withLimits({ upstream_connections: 1 }, async (gateway, url) => {
      // Each kept connection belongs to one loop. The place of an earlier call comes back soon after its answer.
      const { headers, body } = call({ word: mark() });
      const fields = Object.entries({ ...headers, accept: 'application/json, text/event-stream', 'content-length': body.length });
      const bytes = posting(url, fields.map(([name, value]) => `${name}: ${value}`)) + body;
      const lines = [...Array(12)].map(() => raw(url));
      const answered = async (line) => {
        do {
          line.text = '';
          line.socket.write(bytes);
          await line.has(/"(result|error)":[^]*\}\}$/);
        } while (line.text.includes('"code":42503'));
        assert.match(line.text, /^HTTP\/1\.1 200 [^]*"result":/);
      };
      try {
        for (const line of lines) await within(answered(line), 'the only connection');
      } finally {
        lines.forEach((line) => line.socket.destroy());
      }
    }, { listen: { threads: 4 } }));
});

test('limits.drain: what is still under way then is cut and recorded, and the gateway ends well', async () => {
  const gateway = await startGateway({
    servers: { stub: { url: stub.url, tools: { echo: { kind: 'mutate' } } }, other: stub.url },
    policy: 'tools: {allowlist: ["mcp://*/echo"]}\n',
    settings: { limits: { drain: '1s' } },
  });
  let end;
  let calls;
  let began;
  try {
    calls = await Promise.all(['stub', 'stub', 'stub', 'other', 'other', 'other'].map((server) => arrived(gateway.url(server))));
    calls.at(-1).up.sse().event(log('first'));
    await calls.at(-1).client.has('"first"');
    began = performance.now();
  } finally {
    end = await gateway.stop({ verify: true });
  }
  const ms = performance.now() - began;
  assert.ok(ms >= 1000 && ms < 30_000, `after ${ms} ms`); // the default would be 30 s
  await within(gateway.closed, 'the last line');
  const [cut, drained] = logLines(gateway.errors()).filter(({ event }) => ['cut', 'drained'].includes(event));
  assert.deepEqual([cut.event, cut.count, cut.level], ['cut', 6, 'warn']);
  assert.deepEqual([drained.event, drained.count, drained.level], ['drained', 6, 'warn']);
  assert.ok(drained.ms >= 1000 && drained.ms <= ms, `${drained.ms} ms of ${ms}`);
  for (const { client } of calls.slice(0, -1)) await assert.rejects(client.head, 'an answer');
  assert.equal((await calls.at(-1).client.whole()).clean, false, 'a clean end');
  const ends = end.records.filter((record) => record.tool === 'echo' && record.type !== 'intent');
  const wanted = [...Array(3).fill(['other', 'call', 'unknown']), ...Array(3).fill(['stub', 'outcome', 'unknown'])];
  assert.deepEqual(ends.map(({ server, type, effect }) => [server, type, effect]).sort(), wanted);
});

describe('an upstream that never ends', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
  const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
  const block = (text) => text.repeat(Math.ceil((16 * KIB) / text.length));

  /** A server that says `first` to the request with this word, then `more` for as long as it is heard. */
  async function endless(word, first, more) {
    const sockets = new Set();
    const server = createServer((socket) => {
      sockets.add(socket);
      let text = '';
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      socket.on('data', (chunk) => {
        text += chunk;
        if (!text.includes(word)) return;
        text = '';
        socket.write(first);
        const go = () => socket.writable && socket.write(more, (error) => error || setImmediate(go));
        go();
        socket.on('close', () => heard('gone'));
      });
    });
    let heard;
    const gone = new Promise((resolve) => (heard = resolve));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${server.address().port}/mcp`, gone, stop: () => (server.close(), sockets.forEach((socket) => socket.destroy())) };
  }

  /** What the caller got, and the record of it. */
  async function against(first, more, limits, body) {
    const word = mark();
    const upstream = await endless(word, first, more);
    let id;
    try {
      const records = await withLimits(limits, async (gateway, url) => {
        const client = send(url, call({ word }));
        id = (await client.head).headers['x-durward-entry'];
        await body(client);
        assert.equal(await within(upstream.gone, 'the upstream exchange to close'), 'gone');
      }, { servers: { stub: upstream.url } });
      return records.find((record) => record.id === id);
    } finally {
      upstream.stop();
    }
  }

  for (const [what, first, more] of [
    ['a field without an end', `${HEAD}X-Long: `, block('y')],
    ['fields without an end', HEAD, block('X: y\r\n')],
    ['interim responses without an end', '', block('HTTP/1.1 103 Early Hints\r\n\r\n')],
    ["a chunk's extension without an end", `${CHUNKED}1;`, block('y')],
    ["a chunk's size without an end", CHUNKED, block('0')],
    ['trailers without an end', `${CHUNKED}2\r\n{}\r\n0\r\n`, block('X: y\r\n')],
    ['a body without an end', CHUNKED, `4000\r\n${' '.repeat(16 * KIB)}\r\n`],
  ]) {
    test(`${what} is 42502, long before limits.call`, async () => {
      const record = await against(first, more, { answer_bytes: '1MiB' }, (client) => assertFailed(client, 42502, 'unknown'));
      assert.deepEqual([record.effect, record.facts.reason], ['unknown', 'upstream_failed']);
    });
  }

  test('comments of a stream pass until limits.call, and then it breaks', async () => {
    const stream = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n';
    const record = await against(stream, ': still here\n', { call: '1s' }, async (client) => {
      client.res.resume();
      const answer = await client.whole();
      assert.equal(answer.clean, false, 'a clean end');
      assert.match(answer.text, /still here/);
    });
    assert.deepEqual([record.effect, record.facts.reason], ['unknown', 'upstream_timeout']);
  });
});

describe('an upstream that is half there', WAITING, () => {
  test('a server that is frozen behind a kept connection is 42504, and is used again when it goes on', async () => {
    const demo = await start(process.env.DURWARD, ['demo', '--port', '0'], { ready: /http:\/\/127\.0\.0\.1:(\d+)\/mcp/ });
    try {
      await withLimits({ call: '1s' }, async (gateway) => {
        const add = () => send(gateway.url('demo'), modern('tools/call', { name: 'math.add', arguments: { a: 1, b: 2 } }));
        assert.equal((await add().whole()).error, undefined);
        demo.signal('SIGSTOP');
        await assertFailed(add(), 42504, 'unknown'); // over the kept connection
        await assertFailed(add(), 42504, 'unknown'); // over a new one: the system still accepts for it
        demo.signal('SIGCONT');
        assert.equal((await add().whole()).error, undefined);
      }, { servers: { demo: `http://127.0.0.1:${demo.match[1]}/mcp` }, listen: { threads: 1 } });
    } finally {
      demo.signal('SIGCONT');
      await demo.stop();
    }
  });

  for (const how of ['end', 'destroy']) {
    test(`a kept connection that the server has closed (${how}) is not used`, async () => {
      const seen = [];
      const server = createServer((socket) => {
        let text = '';
        socket.on('error', () => {}).on('data', (chunk) => {
          text += chunk;
          const body = text.slice(text.indexOf('\r\n\r\n') + 4);
          if (!/^Content-Length: (\d+)/im.test(text) || body.length < Number(/^Content-Length: (\d+)/im.exec(text)[1])) return;
          text = '';
          const answer = JSON.stringify(done({ message: JSON.parse(body) }));
          if (body.includes('"echo"')) seen.push(socket);
          socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${answer.length}\r\n\r\n${answer}`);
        });
      });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        const servers = { stub: `http://127.0.0.1:${server.address().port}/mcp` };
        await withLimits({}, async (gateway, url) => {
          for (let i = 0; i < 3; ++i) {
            assert.equal((await send(url, call({ word: mark() })).whole()).error, undefined);
            const left = new Promise((resolve) => seen[i].once(how === 'end' ? 'finish' : 'close', resolve));
            seen[i][how]();
            await within(left, 'the end');
          }
          assert.equal(new Set(seen).size, 3);
        }, { servers, listen: { threads: 1 } });
      } finally {
        server.close();
      }
    });
  }

  test('limits.upstream_idle: a connection that nobody used for so long is closed', () =>
    withLimits({ upstream_idle: '1s' }, async (gateway, url) => {
      const { client, up } = await arrived(url);
      const closed = new Promise((resolve) => up.res.socket.once('close', resolve));
      up.json(done(up));
      assert.equal((await client.whole()).error, undefined);
      await within(closed, 'the idle connection to close'); // Node itself would keep it for five seconds
      const next = await arrived(url);
      next.up.json(done(next.up));
      assert.equal((await next.client.whole()).error, undefined);
    }));
});

describe('the tools of a server', () => {
  test('limits.catalogue: a list that does not come in time is given up', async () => {
    const own = await startStub();
    const asked = own.expect((up) => up.message?.method === 'tools/list');
    try {
      await withLimits({ catalogue: '1s' }, async (gateway) => {
        const up = await within(asked, 'tools/list');
        await within(gateway.said(/catalogue of a server was not fetched.*"upstream_timeout"/), 'the gateway to give up');
        assert.equal(await within(up.gone, 'the exchange to close'), 'gone');
      }, { servers: { stub: own.url } });
    } finally {
      own.stop();
    }
  });

  test('limits.tools: a longer list is not taken', () =>
    withLimits({ tools: 1 }, (gateway) => within(gateway.said(/catalogue of a server was not fetched.*"upstream_failed".*limits\.tools/), 'the refusal')));
});

describe('a caller that does not read', () => {
  const asking = (url, word) => {
    const { headers, body } = call({ word });
    const fields = Object.entries({ ...headers, accept: 'application/json, text/event-stream', 'content-length': body.length });
    return posting(url, fields.map(([name, value]) => `${name}: ${value}`)) + body;
  };

  test('limits.write_stall: a stream stops to be read from upstream, and is cut and recorded', async () => {
    let word;
    const records = await withLimits({ write_stall: '1s' }, async (gateway, url) => {
      word = mark();
      const arriving = stub.expect(word);
      const line = raw(url, asking(url, word));
      line.socket.pause();
      const up = await within(arriving, 'the call');
      up.sse();
      const event = `data: ${JSON.stringify(log('x'.repeat(64 * KIB)))}\n\n`;
      let taken = 0;
      const pour = (async () => {
        while (await Promise.race([up.gone.then(() => false), new Promise((resolve) => up.res.write(event, () => resolve(true)))])) taken += event.length;
      })();
      assert.equal(await within(up.gone, 'the upstream exchange to close'), 'gone');
      await pour;
      // What the system holds for four ends of sockets, and hardly more: nothing piles up in the gateway.
      assert.ok(taken < 48 * KIB * KIB, `${taken} bytes were taken`);
      line.socket.destroy();
    });
    const ends = records.filter((record) => record.tool === 'echo');
    assert.deepEqual(ends.map(({ type, effect, facts }) => [type, effect, facts.reason]), [['call', 'unknown', 'client_gone']]);
  });

  test('limits.write_stall: a large answer is cut, unless it is taken slowly but steadily', () =>
    withLimits({ write_stall: '2s' }, async (gateway, url) => {
      const ask = async (line, word, arriving) => {
        const up = await within(arriving, 'the call');
        up.json(done(up, 'x'.repeat(15 * KIB * KIB)));
        return line;
      };
      const begin = () => {
        const word = mark();
        const arriving = stub.expect(word);
        const line = raw(url, asking(url, word));
        return ask(line, word, arriving);
      };
      const [stalled, steady] = await Promise.all([begin(), begin()]);
      stalled.socket.pause();
      const began = performance.now();
      steady.socket.on('data', () => {
        steady.socket.pause();
        setTimeout(() => steady.socket.resume(), 15);
      });
      await within(Promise.race([steady.has(/\}\}$/), steady.closed]), 'all of it', 30_000);
      assert.ok(steady.text.length > 15 * KIB * KIB, `${steady.text.length} bytes`);
      assert.ok(performance.now() - began > 2000, 'too fast to show anything');
      steady.socket.destroy();
      stalled.socket.resume();
      await within(stalled.closed, 'the close');
      assert.ok(stalled.text.length < 15 * KIB * KIB, `${stalled.text.length} bytes`);
    }));
});

describe('what is held in memory', () => {
  test('limits.buffered_bytes_per_address: one address leaves room for others', () =>
    withLimits({ buffered_bytes_per_address: '100KiB' }, async (gateway, url) => {
      const pad = 'x'.repeat(60 * KIB);
      const { client, up } = await arrived(url, { pad });
      const word = mark();
      const refused = await send(url, call({ word, pad })).whole();
      assert.equal(refused.error?.code, 42503, refused.text);
      assert.equal(stub.with(word).length, 0);
      const other = await send(url, { ...call({ word: mark(), pad }), from: '127.0.0.2' }).whole();
      assert.equal(other.error, undefined, other.text);
      up.json(done(up));
      assert.equal((await client.whole()).error, undefined);
    }));

  test('limits.buffered_bytes counts what a text becomes when it is parsed, of requests, answers and events', () =>
    withLimits({ buffered_bytes: '200KiB' }, async (gateway, url) => {
      const zeros = Array(20_000).fill(0); // 40 KB of text, 16 bytes for each in memory
      const word = mark();
      const refused = await send(url, call({ word, zeros })).whole();
      assert.equal(refused.error?.code, 42503, refused.text);
      assert.equal(stub.with(word).length, 0);
      const large = (up) => ({ ...done(up), result: { zeros, resultType: 'complete' } });
      const answered = await arrived(url);
      answered.up.json(large(answered.up));
      await assertFailed(answered.client, 42503, 'unknown');
      const streamed = await arrived(url);
      streamed.up.sse();
      await streamed.client.head;
      streamed.up.event(large(streamed.up));
      const answer = await streamed.client.whole();
      assert.deepEqual([answer.clean, answer.bytes.length], [false, 0]);
    }));
});

describe('the ledger', () => {
  const ledger = (more) => ({ ledger: { dir: 'ledger', key_ref: 'file://./keys/ed25519.key', ...more } });
  const withLedger = async (more, body) => {
    const gateway = await startGateway({ servers: { stub: stub.url }, policy: ECHO, settings: ledger(more), listen: { threads: 1 } });
    let end;
    try {
      await body(gateway, gateway.url('stub'));
    } finally {
      end = await gateway.stop({ verify: true });
    }
    return end.records;
  };

  test('ledger.queue: a call that would find no place for its record is 42503, until one is free', () =>
    withLedger({ queue: 8 }, async (gateway, url) => {
      const calls = [];
      const open = async () => {
        const word = mark();
        const arriving = stub.expect(word);
        const client = send(url, call({ word }));
        const first = await within(Promise.race([arriving, client.whole()]), 'the call or a refusal');
        if (first.error) assert.equal(first.error.code, 42503, first.text);
        else calls.push({ client, up: first });
        return first.error === undefined;
      };
      while (calls.length < 9 && (await open()));
      assert.ok(calls.length <= 8, `${calls.length} calls with 8 places`);
      const { client, up } = calls.shift();
      up.json(done(up));
      assert.equal((await client.whole()).error, undefined);
      await within((async () => { while (!(await open())); })(), 'a free place');
      for (const one of calls) one.up.json(done(one.up));
      for (const one of calls) assert.equal((await one.client.whole()).error, undefined);
    }));

  for (const [setting, ask] of [
    ['ledger.anonymous_refusals_per_second', (url) => send(url, { ...call({}), headers: { ...call({}).headers, host: 'elsewhere.example' } })],
    ['ledger.refusals_per_second', (url) => send(url, modern('tools/call', { name: 'nothing', arguments: {} }))],
  ]) {
    test(`${setting}: of a flood a few refusals have records of their own, and the rest is counted`, async () => {
      const floods = 40;
      const records = await withLedger({ [setting.slice('ledger.'.length)]: 2 }, async (gateway, url) => {
        for (const client of [...Array(floods)].map(() => ask(url))) await client.whole();
      });
      const refusals = records.filter((record) => record.type === 'refusal');
      assert.equal(refusals.reduce((sum, record) => sum + (record.count ?? 1), 0), floods, JSON.stringify(refusals.slice(0, 5)));
      assert.ok(refusals.length < floods / 2, `${refusals.length} records`);
    });
  }
});

// Every limit in the generated reference, and the case above that crosses it.
describe('credentials of servers', () => {
  let issuer;
  let tokens;
  before(async () => ([issuer, tokens] = await Promise.all([startIssuer(), startTokenServer()])));
  after(() => Promise.all([issuer?.stop(), tokens?.stop()]));
  const BASE = 'https://gw.example.com';
  const exchanging = (limits, body) =>
    withLimits(limits, body, {
      listen: { public_url: BASE },
      servers: { stub: { url: stub.url, credential: { token_exchange: { token_url: tokens.url, client_id: 'gw', client_secret_ref: 'file://./client' } } } },
      settings: { limits, authn: [{ jwt: { issuer: issuer.issuer, jwks: issuer.jwks } }] },
      prepare: (dir) => writeFileSync(join(dir, 'client'), 'a client’s secret\n', { mode: 0o600 }),
    });
  const asks = (url, sub) => {
    const { headers, body } = call({ word: mark() });
    return send(url, { headers: { ...headers, authorization: `Bearer ${issuer.token(`${BASE}/mcp/stub`, { sub })}` }, body }).whole();
  };

  test('limits.upstream_tokens: a token for a server that was forgotten is fetched again', () =>
    exchanging({ upstream_tokens: 1 }, async (gateway, url) => {
      const fetches = tokens.asked.length;
      for (const sub of ['one', 'one', 'other', 'one']) assert.equal((await asks(url, sub)).status, 200);
      assert.equal(tokens.asked.length - fetches, 3);
    }));

  test('limits.token_fetch: a token for a server that does not come in time is not waited for, and nothing ran', async () => {
    tokens.answerWith(() => new Promise(() => {}));
    const seen = stub.requests.length;
    await exchanging({ token_fetch: '200ms' }, async (gateway, url) => {
      const { json } = await within(asks(url, 'slow'), 'the refusal');
      assert.equal(json.error.code, 42503);
      assert.deepEqual([json.error.data.reason, json.error.data.effect], ['credential_unavailable', 'none']);
    });
    assert.equal(stub.requests.length, seen);
    tokens.answerWith(undefined);
  });
});

const CROSSED_BY = {
  'limits.header_bytes': 'limits.header_bytes',
  'limits.header_fields': 'limits.header_fields',
  'limits.body_bytes': 'limits.body_bytes',
  'limits.json_depth': 'limits.json_depth',
  'limits.body_rate': 'limits.body_grace and body_rate: a body that stalls is 408, one grace later if it kept up before',
  'limits.body_grace': 'limits.body_grace and body_rate: a body that stalls is 408, one grace later if it kept up before',
  'limits.answer_bytes': 'limits.answer_bytes: a larger JSON answer is 42502, and the call may have run',
  'limits.event_bytes': 'limits.event_bytes: it may be the first event, and one just within passes',
  'limits.buffered_bytes': 'limits.buffered_bytes: bodies that together are larger are 42503, until one is done',
  'limits.buffered_bytes_per_address': 'limits.buffered_bytes_per_address: one address leaves room for others',
  'limits.baggage_bytes': 'limits.baggage_bytes: more is dropped whole, over one field or several',
  'limits.initialize_bytes': 'a larger JSON answer is 42502',
  'limits.batch': 'limits.batch: 32 messages pass, 33 are 400',
  'limits.authentication_failures': 'limits.authentication_failures: an address that has failed too often is refused unread, others are served',
  'limits.tokens': 'limits.tokens: a token that was forgotten is verified again',
  'limits.upstream_tokens': 'limits.upstream_tokens: a token for a server that was forgotten is fetched again',
  'limits.token_fetch': 'limits.token_fetch: a token for a server that does not come in time is not waited for, and nothing ran',
  'limits.tools': 'limits.tools: a longer list is not taken',
  'limits.connections_per_address': 'limits.connections_per_address and limits.connections: more are 503, and recorded; a place comes back',
  'limits.connections': 'limits.connections_per_address and limits.connections: more are 503, and recorded; a place comes back',
  'limits.upstream_connections': 'limits.upstream_connections: one call more than connections is 42503',
  'limits.header_read': 'limits.header_read: a head that stalls is 408',
  'limits.idle': 'limits.idle: a connection without a request is closed, before the first and between two',
  'limits.connect': 'limits.connect: a server that accepts no connection is 42504, and nothing ran',
  'limits.upstream_idle': 'limits.upstream_idle: a connection that nobody used for so long is closed',
  'limits.catalogue': 'limits.catalogue: a list that does not come in time is given up',
  'limits.write_stall': 'limits.write_stall: a stream stops to be read from upstream, and is cut and recorded',
  'limits.call': 'limits.call: a call without an answer is 42504, and may have run',
  'limits.stream': 'limits.stream: a subscription and a GET stream outlive limits.call, and end',
  'limits.drain': 'limits.drain: what is still under way then is cut and recorded, and the gateway ends well',
  'ledger.queue': 'ledger.queue: a call that would find no place for its record is 42503, until one is free',
  'ledger.anonymous_refusals_per_second': 'ledger.anonymous_refusals_per_second: of a flood a few refusals have records of their own, and the rest is counted',
  'ledger.refusals_per_second': 'ledger.refusals_per_second: of a flood a few refusals have records of their own, and the rest is counted',
};

describe('credentials', () => {
  const BASE = 'https://gw.example.com';
  let issuer;
  before(async () => (issuer = await startIssuer()));
  after(() => issuer?.stop());
  const guarded = (limits, body) =>
    withLimits(limits, body, {
      listen: { public_url: BASE },
      settings: { limits, authn: [{ jwt: { issuer: issuer.issuer, jwks: issuer.jwks } }] },
    });
  const asks = async (url, token, from) => {
    const { headers, body } = call({ word: mark() });
    return (await send(url, { headers: { ...headers, authorization: `Bearer ${token}` }, body, from }).whole()).status;
  };
  const token = (claims) => issuer.token(`${BASE}/mcp/stub`, claims);

  test('limits.authentication_failures: an address that has failed too often is refused unread, others are served', async () => {
    const records = await guarded({ authentication_failures: 3 }, async (gateway, url) => {
      for (let i = 0; i < 3; ++i) assert.equal(await asks(url, 'x', '127.0.0.2'), 401);
      assert.equal(await asks(url, token(), '127.0.0.2'), 401);
      assert.equal(await asks(url, token(), '127.0.0.3'), 200);
    });
    const faults = records.filter((record) => record.type === 'refusal').map((record) => record.facts.fault);
    assert.deepEqual(faults, ['token_not_three_parts', 'token_not_three_parts', 'token_not_three_parts', 'credential_unread']);
  });

  test('limits.tokens: a token that was forgotten is verified again', () =>
    guarded({ tokens: 1 }, async (gateway, url) => {
      const [one, other] = [token({ sub: 'one' }), token({ sub: 'other' })];
      for (let i = 0; i < 3; ++i) for (const each of [one, other]) assert.equal(await asks(url, each), 200);
    }));
});

/** Those of TLS have their cases beside the rest of TLS. */
const CROSSED_WITH_TLS = {
  'limits.handshake': 'limits.handshake: one that is late is cut, however it dawdles',
  'limits.handshakes_per_address': 'limits.handshakes_per_address: more are closed at once, counted, and cost others nothing',
  'limits.handshakes': 'limits.handshakes bounds them in all',
};

test('every limit of the reference is crossed by a case, here or in tls.test.mjs', () => {
  const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
  const rows = [...readme.matchAll(/^\| `(limits\.\w+|ledger\.(?:queue|\w*refusals_per_second))` \|/gm)].map(([, name]) => name);
  assert.ok(rows.length >= 26, `${rows.length} limits in README.md`);
  assert.deepEqual(Object.keys({ ...CROSSED_BY, ...CROSSED_WITH_TLS }).sort(), rows.sort());
  for (const [setting, title] of Object.entries(CROSSED_BY)) assert.ok(titles.has(title), `${setting}: no case “${title}”`);
  const tls = readFileSync(fileURLToPath(new URL('tls.test.mjs', import.meta.url)), 'utf8');
  for (const [setting, title] of Object.entries(CROSSED_WITH_TLS)) assert.ok(tls.includes(`\n  test('${title}'`), `${setting}: no case “${title}”`);
});
