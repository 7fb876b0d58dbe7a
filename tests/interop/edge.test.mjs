// What the conformance suite does not test. A scripted upstream, a client that sends any bytes: DURWARD=path/to/durward.
import assert from 'node:assert/strict';
import { connect as tcp, createServer } from 'node:net';
import { after, before, describe, test as nodeTest } from 'node:test';
import { startGateway } from './gateway.mjs';
import { startStub } from './stub.mjs';
import { call, claim, mark, MODERN, modern, modernHeaders, openSession, send, within } from './wire.mjs';

const POLICY = 'tools: {allowlist: ["mcp://stub/echo", "mcp://other/echo", "mcp://dead/echo"]}\n';
const APP = 'https://app.example.com';
const test = (name, body) => nodeTest(name, { timeout: 30_000 }, body);

let stub;
let gateway;
let url;

before(async () => {
  stub = await startStub();
  const servers = { stub: stub.url, other: stub.url, dead: `http://127.0.0.1:${await unusedPort()}/mcp` };
  gateway = await startGateway({ servers, policy: POLICY, listen: { cors_origins: [APP] } });
  url = gateway.url('stub');
});
after(async () => {
  await gateway?.stop({ verify: true });
  stub?.stop();
});

const progress = (n) => ({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', progress: n } });
const said = (id, text = 'done') => ({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }], resultType: 'complete' } });

/** Nothing with this mark went upstream: whatever could have, came before the answer to a later request. */
async function nothingUpstream(word) {
  await barrier();
  assert.equal(stub.with(word).length, 0, 'it reached the upstream');
}

async function barrier() {
  const answer = await send(url, call({ barrier: mark() })).whole();
  assert.equal(answer.status, 200, answer.text);
}

async function refusedBeforeUpstream(exchange, word, { status = 400, code } = {}) {
  const answer = await exchange.whole();
  assert.equal(answer.status, status, answer.text);
  if (code !== undefined) assert.ok([code].flat().includes(answer.error?.code), answer.text);
  await nothingUpstream(word);
  return answer;
}

describe('cancellation', () => {
  test('a modern client that leaves during the stream cancels the upstream exchange', async () => {
    const word = mark();
    const arriving = stub.expect(word);
    const client = send(url, call({ word }));
    const up = await within(arriving, 'the call');
    up.sse().event(progress(1));
    await client.has('"progress":1');
    client.leave();
    assert.equal(await within(up.gone, 'the upstream exchange to close', 2_000), 'gone');
  });

  test('a modern client that leaves before any answer cancels too', async () => {
    const word = mark();
    const arriving = stub.expect(word);
    const client = send(url, call({ word }));
    const up = await within(arriving, 'the call');
    client.leave();
    assert.equal(await within(up.gone, 'the upstream exchange to close', 2_000), 'gone');
  });

  test('a subscription ends upstream when its client leaves', async () => {
    const arriving = stub.expect((up) => up.message?.method === 'subscriptions/listen');
    const client = send(url, modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, { id: 'listen:0' }));
    const up = await within(arriving, 'the subscription');
    const _meta = { 'io.modelcontextprotocol/subscriptionId': 'listen:0' };
    up.sse().event({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: { notifications: { toolsListChanged: true }, _meta } });
    await client.has('subscriptions/acknowledged');
    client.leave();
    assert.equal(await within(up.gone, 'the upstream exchange to close', 2_000), 'gone');
  });

  test('a legacy client that leaves cancels nothing', async () => {
    const session = await openSession(url);
    const word = mark();
    const arriving = stub.expect(word);
    const client = session.post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { word } } });
    const up = await within(arriving, 'the call');
    up.sse().event(progress(1));
    await client.has('"progress":1');
    client.leave();
    await assert.rejects(within(up.gone, 'nothing', 700), 'the upstream exchange was closed');
    up.event(said(1)).end();
    await barrier();
    assert.deepEqual(stub.with(session.upstreamId).map((each) => each.message.method), ['tools/call']);
  });

  test('but its GET stream ends upstream too: a server allows one at a time', async () => {
    const session = await openSession(url);
    const arriving = stub.expect((up) => up.verb === 'GET' && up.has(session.upstreamId));
    const client = session.get();
    const up = await within(arriving, 'the GET');
    up.sse().event(progress(1));
    await client.has('"progress":1');
    client.leave();
    assert.equal(await within(up.gone, 'the upstream stream to close', 2_000), 'gone');
  });
});

describe('streams', () => {
  const opened = {
    'modern POST': async (word) => ({ arriving: stub.expect(word), client: send(url, call({ word })) }),
    'legacy POST': async (word) => {
      const session = await openSession(url);
      const arriving = stub.expect(word);
      return { arriving, client: session.post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { word } } }) };
    },
    'legacy GET': async () => {
      const session = await openSession(url);
      const arriving = stub.expect((up) => up.verb === 'GET' && up.has(session.upstreamId));
      return { arriving, client: session.get(), get: true };
    },
  };

  for (const [kind, open] of Object.entries(opened)) {
    test(`${kind}: each event is relayed before the next exists`, async () => {
      const { arriving, client, get } = await open(mark());
      const up = await within(arriving, 'the request');
      up.sse();
      assert.equal((await client.head).statusCode, 200, 'headers come before the first event');
      for (const n of [1, 2, 3]) {
        up.event(progress(n));
        await client.has(`"progress":${n}`);
        up.write(`: keep-alive ${n}\n\n`);
        await client.has(`keep-alive ${n}`);
      }
      if (!get) up.event(said(1));
      up.end();
      assert.ok((await client.whole()).clean);
    });

    test(`${kind}: an event in pieces is released as soon as it is whole`, async () => {
      const { arriving, client } = await open(mark());
      const up = await within(arriving, 'the request');
      const bytes = Buffer.from(`data: ${JSON.stringify(progress(1))}\n\n`);
      up.sse();
      for (const byte of bytes) up.write(Buffer.of(byte));
      await client.has('"progress":1');
      up.write(bytes.subarray(0, 20));
      up.end();
      await client.whole();
    });

    for (const how of ['fin', 'reset']) {
      test(`${kind}: an upstream that dies (${how}) is not a clean end`, async () => {
        const { arriving, client } = await open(mark());
        const up = await within(arriving, 'the request');
        up.sse().event(progress(1));
        await client.has('"progress":1');
        up.die(how);
        const answer = await client.whole();
        assert.equal(answer.clean, false, `ended cleanly after: ${answer.text}`);
      });
    }
  }

  const framings = {
    LF: 'id: a/1\nretry: 5000\ndata: \n\n: a comment\n\nevent: message\nid: a/2\ndata: PROGRESS\n\nid: a/3\ndata: {"jsonrpc":"2.0",\ndata: "id":1,\ndata:"result":{"content":[],"resultType":"complete"}}\n\n',
    CRLF: 'id: a/1\r\nretry: 5000\r\ndata:\r\n\r\n: a comment\r\n\r\nevent: message\r\nid: a/2\r\ndata: PROGRESS\r\n\r\ndata: {"jsonrpc":"2.0",\r\ndata: "id":1,\r\ndata:"result":{"content":[],"resultType":"complete"}}\r\n\r\n',
    CR: 'id: a/1\rretry: 5000\rdata: \r\r: a comment\r\revent: message\rid: a/2\rdata: PROGRESS\r\rdata: {"jsonrpc":"2.0","id":1,"result":{"content":[],"resultType":"complete"}}\r\r',
  };
  for (const [name, framing] of Object.entries(framings)) {
    test(`events framed with ${name} keep their bytes`, async () => {
      const { arriving, client } = await opened['legacy POST'](mark());
      const up = await within(arriving, 'the request');
      const bytes = framing.replace('PROGRESS', '{"jsonrpc":"2.0", "method":"notifications/progress","params":{"progressToken":"p","progress":1.0,"big":123456789012345678901234567890,"esc":"\\u00e9\\/"} }');
      up.sse().write(bytes).end();
      const answer = await client.whole();
      assert.equal(answer.text, bytes);
      assert.ok(answer.clean);
    });
  }

  test('a legacy stream may end cleanly before its response', async () => {
    const { arriving, client } = await opened['legacy POST'](mark());
    const up = await within(arriving, 'the request');
    up.sse().write('id: s/1\nretry: 100\ndata: \n\n').end();
    const answer = await client.whole();
    assert.equal(answer.text, 'id: s/1\nretry: 100\ndata: \n\n');
    assert.ok(answer.clean);
  });

  test('an upstream that dies within a JSON answer is an error, and says that the call may have run', async () => {
    const word = mark();
    const arriving = stub.expect(word);
    const client = send(url, call({ word }, { id: 'half' }));
    const up = await within(arriving, 'the call');
    up.res.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
    up.write('{"jsonrpc":"2.0","id":"half","result":{');
    up.die();
    const answer = await client.whole();
    assert.equal(answer.status, 200);
    assert.equal(answer.error.code, 42502);
    assert.equal(answer.error.data.effect, 'unknown');
    assert.equal(answer.json.id, 'half');
  });

  test('a request on a modern stream is not the client\'s to answer', async () => {
    const word = mark();
    const arriving = stub.expect(word);
    const client = send(url, call({ word }));
    const up = await within(arriving, 'the call');
    up.sse().event({ jsonrpc: '2.0', id: 9, method: 'elicitation/create', params: { message: 'withheld', requestedSchema: {} } });
    up.event(progress(1)).event(said(1)).end();
    assert.ok(!(await client.whole()).text.includes('withheld'));
  });
});

describe('ids', () => {
  for (const id of [0, 1, -7, 9007199254740991, '', '0', 'listen:0', 'ü"\\', 'x'.repeat(200)]) {
    test(`id ${JSON.stringify(id).slice(0, 24)} arrives, and comes back`, async () => {
      const word = mark();
      const arriving = stub.expect(word);
      const client = send(url, call({ word }, { id }));
      const up = await within(arriving, 'the call');
      assert.strictEqual(up.message.id, id);
      up.result({ content: [], resultType: 'complete' });
      assert.strictEqual((await client.whole()).json.id, id);
      const refused = await send(url, modern('tools/call', { name: 'hidden', arguments: {} }, { id })).whole();
      assert.strictEqual(refused.json.id, id);
      assert.equal(refused.error.code, -32602);
    });
  }

  for (const id of ['9007199254740993', '-9007199254740993', '123456789012345678901234567890', '1e400', 'null', 'true', '1.5', '[1]', '{}']) {
    test(`id ${id} is refused`, async () => {
      const word = mark();
      const request = call({ word }, { id: 'HERE' });
      await refusedBeforeUpstream(send(url, { ...request, body: request.body.replace('"HERE"', id) }), word, { code: [-32600, -32700] });
    });
  }

  test('two calls in flight with one id get each its own answer', async () => {
    const [a, b] = [mark(), mark()];
    const arriving = [stub.expect(a), stub.expect(b)];
    const clients = [send(url, call({ word: a })), send(url, call({ word: b }))];
    const [first, second] = await within(Promise.all(arriving), 'both calls');
    second.json(said(1, b));
    assert.ok((await clients[1].whole()).text.includes(b));
    first.sse().event(progress(1)).event(said(1, a)).end();
    const answer = await clients[0].whole();
    assert.ok(answer.text.includes(a) && !answer.text.includes(b));
  });

  test('also within one legacy session', async () => {
    const session = await openSession(url);
    const words = [mark(), mark()];
    const arriving = words.map((word) => stub.expect(word));
    const clients = words.map((word) => session.post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { word } } }));
    const ups = await within(Promise.all(arriving), 'both calls');
    for (const n of [1, 0]) {
      ups[n].sse().event(said(1, words[n])).end();
      assert.ok((await clients[n].whole()).text.includes(words[n]));
    }
  });
});

describe('notifications and responses', () => {
  test('a modern notification needs no Mcp-Method', async () => {
    const word = mark();
    const body = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: word } });
    const answer = await send(url, { headers: { 'mcp-protocol-version': MODERN }, body }).whole();
    assert.equal(answer.status, 202, answer.text);
    assert.equal(answer.text, '');
    assert.equal(stub.with(word)[0].text, body);
  });

  test('a legacy notification and a posted response pass', async () => {
    const session = await openSession(url);
    const first = await session.post({ jsonrpc: '2.0', method: 'notifications/initialized' }).whole();
    assert.equal(first.status, 202);

    const word = mark();
    const arriving = stub.expect(word);
    const client = session.post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { word } } });
    const up = await within(arriving, 'the call');
    up.sse().event({ jsonrpc: '2.0', id: 'ask-1', method: 'elicitation/create', params: { message: 'Who?', requestedSchema: { type: 'object', properties: {} } } });
    await client.has('ask-1');
    const reply = `{"jsonrpc":"2.0","id":"ask-1", "result":{"action":"accept","content":{"name":"${word}"}}}`;
    const accepted = await session.post(reply).whole();
    assert.equal(accepted.status, 202, accepted.text);
    assert.equal(stub.with(word).at(-1).text, reply);
    assert.equal(stub.with(word).at(-1).headers['mcp-session-id'], session.upstreamId);
    up.event(said(1)).end();
    assert.ok((await client.whole()).clean);
  });

  test('an unknown notification is 403, with an error that has no id', async () => {
    const session = await openSession(url);
    const word = mark();
    const body = { jsonrpc: '2.0', method: 'notifications/evil', params: { word } };
    const refused = await refusedBeforeUpstream(session.post(body), word, { status: 403 });
    assert.ok(!('id' in refused.json), refused.text);
    assert.ok(refused.error.code);
  });
});

describe('sessions', () => {
  test('the session id is ours, and upstream sees its own', async () => {
    const session = await openSession(url);
    assert.match(session.id, /^[A-Za-z0-9_-]+$/);
    assert.ok(!session.id.includes(session.name) && !Buffer.from(session.id, 'base64url').includes(session.name));
    const word = mark();
    const answer = await session.post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { word } } }).whole();
    assert.equal(answer.status, 200);
    assert.equal(stub.with(word)[0].headers['mcp-session-id'], session.upstreamId);
    const gone = stub.expect((up) => up.verb === 'DELETE' && up.has(session.upstreamId));
    const ended = session.delete();
    (await within(gone, 'the DELETE')).empty(200);
    assert.equal((await ended.whole()).status, 200);
  });

  test('a session id that is not for this server is 404, whatever the verb', async () => {
    const foreign = await openSession(gateway.url('other'));
    const mine = await openSession(url);
    const flipped = mine.id.slice(0, -5) + (mine.id.at(-5) === 'A' ? 'B' : 'A') + mine.id.slice(-4);
    const ids = { foreign: foreign.id, 'made up': 'made-up', raw: mine.upstreamId, flipped, cut: mine.id.slice(0, 40) };
    const bodies = new Set();
    const before_ = stub.requests.length;
    for (const [what, id] of Object.entries(ids)) {
      const headers = { 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
      const verbs = {
        POST: send(url, { headers, body }),
        notification: send(url, { headers, body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' }),
        response: send(url, { headers, body: '{"jsonrpc":"2.0","id":1,"result":{}}' }),
        GET: send(url, { method: 'GET', headers }),
        resume: send(url, { method: 'GET', headers: { ...headers, 'last-event-id': 's/1' } }),
        DELETE: send(url, { method: 'DELETE', headers }),
      };
      for (const [verb, exchange] of Object.entries(verbs)) {
        const answer = await exchange.whole();
        assert.equal(answer.status, 404, `${verb} with an id that is ${what}: ${answer.text}`);
        bodies.add(answer.text.replace(/"id":(1|null),?/, ''));
      }
    }
    assert.equal(bodies.size, 1, `bodies differ: ${[...bodies].join(' | ')}`);
    const reached = stub.requests.slice(before_).filter((up) => [foreign.upstreamId, mine.upstreamId, 'made-up'].some((id) => up.has(id)));
    assert.equal(reached.length, 0);
    assert.equal((await mine.post({ jsonrpc: '2.0', id: 2, method: 'tools/list' }).whole()).status, 200, 'the session itself still works');
  });

  test('an initialize answered by a stream: the id comes in the head, the events in order', async () => {
    const name = mark();
    const arriving = stub.expect(name);
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name, version: '1' } };
    const client = send(url, { body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }) });
    const up = await within(arriving, 'the initialize');
    const result = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 'stub', version: '1' } };
    const bytes = `id: s/1\nretry: 100\ndata: \n\nevent: message\nid: s/2\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 0, result })}\n\n`;
    up.sse({ 'mcp-session-id': `upstream-${name}` });
    for (const byte of Buffer.from(bytes)) up.write(Buffer.of(byte));
    up.end();
    const answer = await client.whole();
    assert.equal(answer.text, bytes);
    const id = answer.headers['mcp-session-id'];
    assert.ok(id && id !== `upstream-${name}`);
    const listed = await send(url, { headers: { 'mcp-session-id': id, 'mcp-protocol-version': '2025-06-18' }, body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' }).whole();
    assert.equal(listed.status, 200, listed.text);
    assert.equal(stub.with(`upstream-${name}`).length, 1);
  });

  test('where upstream gives no session id, none is made', async () => {
    const name = mark();
    const arriving = stub.expect(name);
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name, version: '1' } };
    const client = send(url, { body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }) });
    (await within(arriving, 'the initialize')).result({ protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'stub', version: '1' } });
    const answer = await client.whole();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['mcp-session-id'], undefined);
    const word = mark();
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { word } } });
    assert.equal((await send(url, { headers: { 'mcp-protocol-version': '2025-11-25' }, body }).whole()).status, 200);
    assert.equal(stub.with(word)[0].headers['mcp-session-id'], undefined);
  });

  test('what upstream says of its own sessions and streams passes', async () => {
    const session = await openSession(url);
    const reached = (verb) => stub.expect((up) => up.verb === verb && up.has(session.upstreamId));
    const cases = {
      GET: [405, { allow: 'POST, DELETE' }, () => session.get()],
      DELETE: [405, { allow: 'POST' }, () => session.delete()],
      POST: [404, {}, () => session.post({ jsonrpc: '2.0', id: 1, method: 'tools/list' })],
    };
    for (const [verb, [status, headers, ask]] of Object.entries(cases)) {
      const arriving = reached(verb);
      const client = ask();
      (await within(arriving, verb)).json('{"jsonrpc":"2.0","error":{"code":-32000,"message":"no"},"id":null}', { status, headers });
      const answer = await client.whole();
      assert.equal(answer.status, status, verb);
      if (headers.allow) assert.equal(answer.headers.allow, headers.allow);
    }
  });

  test('modern traffic neither gets nor sends a session id', async () => {
    const word = mark();
    const session = await openSession(url);
    const answer = await send(url, call({ word }, { headers: { 'mcp-session-id': session.id } })).whole();
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['mcp-session-id'], undefined);
    assert.equal(stub.with(word)[0].headers['mcp-session-id'], undefined);
  });
});

describe('lists', () => {
  const two = [
    { name: 'hidden', inputSchema: { type: 'object' } },
    { name: 'echo', inputSchema: { type: 'object' } },
  ];

  test('a list loses what is hidden and keeps its cursor, JSON or SSE, modern or legacy', async () => {
    const session = await openSession(url);
    for (const stream of [false, true]) {
      for (const legacy of [false, true]) {
        const cursor = mark();
        const arriving = stub.expect(cursor);
        const client = legacy ? session.post({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { cursor } }) : send(url, modern('tools/list', { cursor }));
        const up = await within(arriving, 'the list request');
        const result = { tools: two, nextCursor: 'more', ...(!legacy && { resultType: 'complete', ttlMs: 5, cacheScope: 'public' }) };
        if (stream) up.sse().event({ jsonrpc: '2.0', id: 1, result }, 'id: s/7\n').end();
        else up.result(result);
        const answer = await client.whole();
        assert.deepEqual(answer.json.result.tools, [two[1]]);
        assert.equal(answer.json.result.nextCursor, 'more');
        if (!legacy) assert.equal(answer.json.result.cacheScope, 'private');
        if (stream) assert.match(answer.text, /^id: ?s\/7$/m);
      }
    }
  });

  test('a page that empties keeps its cursor', async () => {
    const cursor = mark();
    const arriving = stub.expect(cursor);
    const client = send(url, modern('tools/list', { cursor }));
    (await within(arriving, 'the list request')).result({ tools: [two[0]], nextCursor: 'more', resultType: 'complete', ttlMs: 0, cacheScope: 'private' });
    const { result } = (await client.whole()).json;
    assert.deepEqual(result.tools, []);
    assert.equal(result.nextCursor, 'more');
  });

  for (const resumed of [true, false]) {
    test(`a GET stream ${resumed ? 'that resumes ' : ''}does not deliver an unfiltered list`, async () => {
      const session = await openSession(url);
      const arriving = stub.expect((up) => up.verb === 'GET' && up.has(session.upstreamId));
      const client = session.get(resumed ? { 'last-event-id': 's/4' } : {});
      const up = await within(arriving, 'the GET');
      if (resumed) assert.equal(up.headers['last-event-id'], 's/4');
      up.sse().event({ jsonrpc: '2.0', id: 5, result: { tools: two, nextCursor: 'more' } }, 'id: s/5\n').end();
      const answer = await client.whole();
      assert.ok(!answer.text.includes('hidden'), answer.text);
      assert.deepEqual(answer.json.result, { tools: [two[1]], nextCursor: 'more' });
      assert.match(answer.text, /^id: ?s\/5$/m);
    });
  }

  test('nor does one in the answer to another request, or in a batch', async () => {
    const session = await openSession(url, { version: '2025-03-26' });
    const arriving = stub.expect((up) => up.verb === 'GET' && up.has(session.upstreamId));
    const client = session.get({ 'last-event-id': 's/4' });
    (await within(arriving, 'the GET')).sse().event([{ jsonrpc: '2.0', id: 5, result: { tools: two } }]).event(said(6)).end();
    const answer = await client.whole();
    assert.ok(!answer.text.includes('hidden'), answer.text);
  });
});

describe('what a server asks of the client', () => {
  for (const get of [false, true]) {
    test(`an unknown request on a ${get ? 'GET' : 'POST'} stream is withheld, and answered in the client's place`, async () => {
      const session = await openSession(url);
      const word = mark();
      const arriving = stub.expect((up) => (get ? up.verb === 'GET' && up.has(session.upstreamId) : up.has(word)));
      const client = get ? session.get() : session.post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { word } } });
      const up = await within(arriving, 'the request');
      up.sse();
      for (const id of [77, 'evil-1']) {
        const answered = stub.expect((other) => other.verb === 'POST' && other.message?.error !== undefined && other.message.id === id);
        up.event({ jsonrpc: '2.0', id, method: 'evil/do', params: { secret: 'withheld' } });
        const reply = await within(answered, 'the answer in the client\'s place');
        reply.empty(202);
        assert.equal(reply.message.error.code, 42003);
        assert.equal(reply.headers['mcp-session-id'], session.upstreamId);
      }
      up.event(progress(3));
      await client.has('"progress":3');
      if (!get) up.event(said(1));
      up.end();
      const answer = await client.whole();
      assert.ok(!answer.text.includes('withheld') && !answer.text.includes('evil'), answer.text);
    });
  }

  test('an input request of an unknown kind turns the result into a refusal', async () => {
    const word = mark();
    const arriving = stub.expect(word);
    const client = send(url, call({ word }, { id: 'mrtr' }));
    (await within(arriving, 'the call')).result({ resultType: 'input_required', inputRequests: { a: { method: 'evil/do', params: {} } }, requestState: 's' });
    const answer = await client.whole();
    assert.equal(answer.status, 200);
    assert.equal(answer.error?.code, 42003, answer.text);
    assert.equal(answer.json.id, 'mrtr');
  });
});

describe('server/discover', () => {
  const discover = (to) => send(to, modern('server/discover', {}, { id: 'server-discover-probe-1' })).whole();

  test('names the revisions that we speak', async () => {
    const answer = await discover(url);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json.result.supportedVersions, [MODERN]);
  });

  test('an upstream that refuses connections is 502', async () => {
    assert.equal((await discover(gateway.url('dead'))).status, 502);
  });

  for (const [what, answerIt] of Object.entries({
    'dies before it answers': (up) => up.die('reset'),
    'asks for credentials': (up) => up.json({ error: 'invalid_token' }, { status: 401, headers: { 'www-authenticate': 'Bearer realm="upstream.example"' } }),
    'forbids it': (up) => up.json({ error: 'no' }, { status: 403 }),
    'redirects': (up) => up.json('', { status: 307, headers: { location: `${stub.url}/elsewhere` } }),
    'answers with a page': (up) => up.json('<html>', { headers: { 'content-type': 'text/html' } }),
    'answers with nonsense': (up) => up.json('{"jsonrpc":'),
    'answers with compression': (up) => up.json('{}', { headers: { 'content-encoding': 'gzip' } }),
    'fails': (up) => up.json('oops', { status: 500 }),
  })) {
    test(`an upstream that ${what} does not look like a legacy server`, async () => {
      const arriving = stub.expect((up) => up.message?.id === 'server-discover-probe-1');
      const asked = discover(url);
      answerIt(await within(arriving, 'the probe'));
      const answer = await asked;
      assert.ok(answer.status >= 500 && answer.status < 600, `${answer.status} ${answer.text}`);
      assert.equal(answer.headers['www-authenticate'], undefined);
      assert.equal(answer.headers.location, undefined);
    });
  }

  test('what a legacy upstream says to the probe passes unchanged', async () => {
    const said_ = '{"jsonrpc": "2.0","error":{"code":-32000,"message":"Bad Request: Server not initialized"},"id":null}';
    const arriving = stub.expect((up) => up.message?.id === 'server-discover-probe-1');
    const asked = discover(url);
    (await within(arriving, 'the probe')).json(said_, { status: 400 });
    const answer = await asked;
    assert.equal(answer.status, 400);
    assert.equal(answer.text, said_);
  });
});

describe('an upstream that cannot be reached', () => {
  test('a modern call is a typed error that says nothing ran', async () => {
    const answer = await send(gateway.url('dead'), call({}, { id: 'd' })).whole();
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.error.code, 42502);
    assert.equal(answer.error.data.effect, 'none');
    assert.equal(answer.json.id, 'd');
  });

  test('so is a legacy initialize', async () => {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const answer = await send(gateway.url('dead'), { body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }) }).whole();
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.error.code, 42502);
    assert.equal(answer.headers['mcp-session-id'], undefined);
  });
});

describe('strict JSON', () => {
  const inCall = (word, params, top = '') =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call"${top},"params":{"name":"echo",${params}"arguments":{"word":"${word}"},"_meta":${JSON.stringify(claim())}}}`;
  const bad = {
    'a duplicate envelope key': (word) => inCall(word, '', ',"method":"tools/call"'),
    'a duplicate params': (word) => inCall(word, '', ',"params":{"name":"hidden"}'),
    'a duplicate name': (word) => inCall(word, '"name":"hidden",'),
    'a duplicate written with an escape': (word) => inCall(word, '"n\\u0061me":"hidden",'),
    'duplicate arguments': (word) => inCall(word, '"arguments":{},'),
    'a duplicate key deep in the arguments': (word) => inCall(word, '').replace(`{"word":"${word}"}`, `{"word":"${word}","a":[{"b":1,"b":2}]}`),
    '"Params"': (word) => inCall(word, '', ',"Params":{"name":"hidden"}'),
    '"METHOD"': (word) => inCall(word, '', ',"METHOD":"x"'),
    '"Id"': (word) => inCall(word, '', ',"Id":2'),
    '"JsonRpc"': (word) => inCall(word, '', ',"JsonRpc":"2.0"'),
    '"Name"': (word) => inCall(word, '"Name":"hidden",'),
    '"ARGUMENTS"': (word) => inCall(word, '"ARGUMENTS":{},'),
    '"_Meta"': (word) => inCall(word, '"_Meta":{},'),
    'trailing bytes': (word) => `${inCall(word, '')}{}`,
    'a missing brace': (word) => inCall(word, '').slice(0, -1),
    'a comment': (word) => inCall(word, '/* */'),
    'a trailing comma': (word) => inCall(word, '').replace(/\}$/, ',}'),
    'NaN': (word) => inCall(word, '').replace(`"word":"${word}"`, `"word":"${word}","n":NaN`),
    'a control character in a string': (word) => inCall(word, '').replace(word, `${word}\n`),
    'depth 100': (word) => inCall(word, '').replace(`"${word}"`, `"${word}","d":${'['.repeat(100)}${']'.repeat(100)}`),
    'no jsonrpc': (word) => inCall(word, '').replace('"jsonrpc":"2.0",', ''),
    'jsonrpc 1.0': (word) => inCall(word, '').replace('"2.0"', '"1.0"'),
    'params that are an array': (word) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["${word}"]}`,
    'a scalar': (word) => `"${word}"`,
  };
  const headers = modernHeaders('tools/call', 'echo');
  for (const [what, body] of Object.entries(bad)) {
    test(`${what} is 400`, async () => {
      const word = mark();
      const text = body(word);
      const answer = await refusedBeforeUpstream(send(url, { headers, body: text }), word);
      if (answer.text) assert.ok([-32700, -32600, -32602].includes(answer.error.code), answer.text);
    });
  }

  for (const [what, bytes] of Object.entries({ 'a lone byte': [0xff], 'an overlong slash': [0xc0, 0xaf], 'a surrogate': [0xed, 0xa0, 0x80], 'a cut sequence': [0xe2, 0x82] })) {
    test(`invalid UTF-8 (${what}) is 400`, async () => {
      const word = mark();
      const [before_, after_] = inCall(word, '').split(word);
      const body = Buffer.concat([Buffer.from(before_ + word), Buffer.from(bytes), Buffer.from(after_)]);
      await refusedBeforeUpstream(send(url, { headers, body }), word, { code: [-32700, -32600] });
    });
  }

  test('the same names within the arguments are the tool\'s own affair', async () => {
    const word = mark();
    const answer = await send(url, call({ word, Params: 1, METHOD: 2, id: 3, Name: 4 })).whole();
    assert.equal(answer.status, 200, answer.text);
    assert.equal(stub.with(word).length, 1);
  });
});

describe('headers and versions', () => {
  const sent = (headers, { version = MODERN, meta = claim(version), word = mark(), params = {} } = {}) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'echo', arguments: { word }, _meta: meta, ...params } });
    return { word, exchange: send(url, { headers, body }) };
  };
  const good = modernHeaders('tools/call', 'echo');
  const without = (name) => ({ ...good, [name]: undefined });
  const { 'io.modelcontextprotocol/clientCapabilities': _, ...noCapabilities } = claim();

  const cases = {
    'a method that disagrees': [-32020, { ...good, 'mcp-method': 'tools/list' }],
    'a method in capitals': [-32020, { ...good, 'mcp-method': 'TOOLS/CALL' }],
    'no method': [-32020, without('mcp-method')],
    'a name that disagrees': [-32020, { ...good, 'mcp-name': 'hidden' }],
    'no name': [-32020, without('mcp-name')],
    'base64 with bad padding': [-32020, { ...good, 'mcp-name': '=?base64?ZWNobw?=' }],
    'base64 with strange characters': [-32020, { ...good, 'mcp-name': '=?base64?ZWN!bw==?=' }],
    'base64 of something else': [-32020, { ...good, 'mcp-name': `=?base64?${btoa('hidden')}?=` }],
    'no version header': [-32020, without('mcp-protocol-version')],
    'a version header that disagrees': [-32020, { ...good, 'mcp-protocol-version': '2025-11-25' }],
    'a body version that disagrees': [-32020, good, { version: 'v999.0.0' }],
    'no claim under a modern header': [-32602, good, { meta: {} }],
    'no capabilities': [-32602, good, { meta: noCapabilities }],
  };
  for (const [what, [code, headers, options]] of Object.entries(cases)) {
    test(`${what} is 400 ${code}`, async () => {
      const { word, exchange } = sent(headers, options);
      const answer = await refusedBeforeUpstream(exchange, word, { code });
      assert.equal(answer.json.id, 7);
    });
  }

  test('a version that nobody speaks is 400 -32022, and names what we speak', async () => {
    for (const method of ['tools/call', undefined]) {
      const headers = { ...good, 'mcp-protocol-version': 'v999.0.0', 'mcp-method': method }; // judged before a header that lacks
      const { word, exchange } = sent(headers, { version: 'v999.0.0' });
      const { error } = await refusedBeforeUpstream(exchange, word, { code: -32022 });
      assert.deepEqual(error.data.supported, [MODERN]);
      assert.equal(error.data.requested, 'v999.0.0');
    }
  });

  for (const [what, headers] of Object.entries({
    'in base64': { ...good, 'mcp-name': `=?base64?${btoa('echo')}?=` },
    'with white space around it': { ...good, 'mcp-name': '  echo\t' },
    'under any spelling of the field': { 'MCP-PROTOCOL-VERSION': MODERN, 'MCP-METHOD': 'tools/call', 'mcp-NAME': 'echo' },
  })) {
    test(`a name ${what} agrees`, async () => {
      const { word, exchange } = sent(headers);
      assert.equal((await exchange.whole()).status, 200);
      assert.equal(stub.with(word).length, 1);
    });
  }

  test('a legacy revision that nobody speaks is 400', async () => {
    const session = await openSession(url);
    const word = mark();
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { word } } };
    await refusedBeforeUpstream(session.post(message, { 'mcp-protocol-version': '1999-01-01' }), word);
  });

  for (const name of ['mcp-method', 'mcp-name', 'mcp-protocol-version', 'mcp-session-id', 'authorization']) {
    test(`${name} twice is 400`, async () => {
      const value = good[name] ?? 'x';
      const { word, exchange } = sent({ ...good, [name]: [value, value] });
      await refusedBeforeUpstream(exchange, word);
    });
  }

  test('Connection may not nominate what we read', async () => {
    for (const name of ['mcp-method', 'Mcp-Session-Id', 'origin']) {
      const { word, exchange } = sent({ ...good, connection: `close, ${name}` });
      await refusedBeforeUpstream(exchange, word);
    }
  });

  test('an unknown method is 404 in modern, 200 in legacy traffic', async () => {
    const word = mark();
    const modern_ = await refusedBeforeUpstream(send(url, modern('evil/do', { word })), word, { status: 404, code: -32601 });
    assert.equal(modern_.json.id, 1);
    const session = await openSession(url);
    await refusedBeforeUpstream(session.post({ jsonrpc: '2.0', id: 1, method: 'evil/do', params: { word } }), word, { status: 200, code: -32601 });
  });

  test('media types, codings, verbs and routes', async () => {
    const word = mark();
    const { headers, body } = call({ word });
    for (const more of [{ 'content-type': 'text/plain' }, { 'content-encoding': 'gzip' }]) {
      await refusedBeforeUpstream(send(url, { headers: { ...headers, ...more }, body }), word, { status: 415 });
    }
    await refusedBeforeUpstream(send(url, { method: 'PUT', headers, body }), word, { status: 405 });
    await refusedBeforeUpstream(send(gateway.url('nobody'), { headers, body }), word, { status: 404 });
  });

  test('a body with two lengths is refused', async () => {
    const word = mark();
    const { headers, body } = call({ word });
    const fields = Object.entries({ host: `127.0.0.1:${gateway.port}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', connection: 'close', ...headers });
    const chunked = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const lengths = { 'content-length': String(Buffer.byteLength(chunked)), 'transfer-encoding': 'chunked' };
    const text = `POST /mcp/stub HTTP/1.1\r\n${[...fields, ...Object.entries(lengths)].map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${chunked}`;
    assert.match(await rawAnswer(text), /^HTTP\/1\.1 400 /);
    await nothingUpstream(word);
  });
});

describe('batches', () => {
  const one = (id, word, name = 'echo') => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: { word } } });

  test('all allowed: forwarded once, as it is, and so is the answer', async () => {
    const session = await openSession(url, { version: '2025-03-26' });
    const word = mark();
    const body = `[ ${JSON.stringify(one(1, word))} ,\n{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":12}},${JSON.stringify(one('b', word))}]`;
    const arriving = stub.expect(word);
    const client = session.post(body);
    const up = await within(arriving, 'the batch');
    assert.equal(up.text, body);
    const reply = ` [${JSON.stringify(said('b'))}, ${JSON.stringify(said(1))} ]`;
    up.json(reply);
    const answer = await client.whole();
    assert.equal(answer.status, 200);
    assert.equal(answer.text, reply);
    assert.equal(stub.with(word).length, 1);
  });

  test('one refused: nothing is forwarded, and each request is told', async () => {
    const session = await openSession(url, { version: '2025-03-26' });
    const word = mark();
    const batch = [one(1, word), one(2, word, 'hidden'), { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: word } }, one('3', word)];
    const answer = await session.post(batch).whole();
    assert.equal(answer.status, 200, answer.text);
    const byId = new Map(answer.json.map((each) => [each.id, each.error]));
    assert.equal(byId.size, 3);
    assert.equal(byId.get(2).code, -32602);
    assert.equal(byId.get(2).message, 'Unknown tool: hidden');
    for (const id of [1, '3']) {
      assert.equal(byId.get(id).code, 42006);
      assert.equal(byId.get(id).data.effect, 'none');
    }
    await nothingUpstream(word);
  });

  test('what upstream agreed to counts, not what was offered', async () => {
    const name = mark();
    const arriving = stub.expect(name);
    const opening = openSession(url, { version: '2025-11-25', name });
    const result = { protocolVersion: '2025-03-26', capabilities: {}, serverInfo: { name: 'stub', version: '1' } };
    (await within(arriving, 'the initialize')).result(result, { headers: { 'mcp-session-id': `upstream-${name}` } });
    const session = await opening;
    const word = mark();
    const arrivingBatch = stub.expect(word);
    const client = session.post([one(1, word)], { 'mcp-protocol-version': '2025-03-26' });
    (await within(arrivingBatch, 'the batch')).json([said(1)]);
    assert.equal((await client.whole()).status, 200);
  });

  test('notifications alone are 202', async () => {
    const session = await openSession(url, { version: '2025-03-26' });
    const word = mark();
    const answer = await session.post([{ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: word } }]).whole();
    assert.equal(answer.status, 202, answer.text);
    assert.equal(stub.with(word).length, 1);
  });

  test('a list within a batch is filtered', async () => {
    const session = await openSession(url, { version: '2025-03-26' });
    const cursor = mark();
    const arriving = stub.expect(cursor);
    const client = session.post([{ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { cursor } }, one(2, cursor)]);
    const tools = ['hidden', 'echo'].map((name) => ({ name, inputSchema: { type: 'object' } }));
    (await within(arriving, 'the batch')).json([{ jsonrpc: '2.0', id: 1, result: { tools } }, said(2)]);
    const answer = await client.whole();
    assert.deepEqual(answer.json.find(({ id }) => id === 1).result.tools, [tools[1]]);
    assert.ok(!answer.text.includes('hidden'));
  });

  const not = {
    'under 2025-06-18': ['2025-06-18', (word) => [one(1, word)]],
    'under 2025-11-25': ['2025-11-25', (word) => [one(1, word)]],
    'with a claim': ['2025-03-26', (word) => [{ ...one(1, word), params: { ...one(1, word).params, _meta: claim() } }]],
    'with initialize': ['2025-03-26', (word) => [{ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: word, version: '1' } } }]],
    'that is empty': ['2025-03-26', () => []],
    'of 33': ['2025-03-26', (word) => Array.from({ length: 33 }, (_, id) => one(id, word))],
  };
  for (const [what, [version, batch]] of Object.entries(not)) {
    test(`an array ${what} is 400`, async () => {
      const session = await openSession(url, { version });
      const word = mark();
      await refusedBeforeUpstream(session.post(batch(word)), word, { code: -32600 });
    });
  }

  test('the session says what was negotiated, not a header', async () => {
    const session = await openSession(url, { version: '2025-11-25' });
    for (const version of ['2025-03-26', undefined]) {
      const word = mark();
      await refusedBeforeUpstream(session.post([one(1, word)], { 'mcp-protocol-version': version }), word, { code: -32600 });
    }
  });
});

describe('bytes', () => {
  const awkward = (word) =>
    `{ "word" : "${word}",\t"one":1.0, "big": 123456789012345678901234567890, "exp":1E+2,"neg":-0,\n "esc":"\\u00e9\\/\\u2028 é 😀 \\ud83d\\ude00", "":[ ], "z":{} }`;

  test('a legacy call and its JSON answer keep every byte', async () => {
    const session = await openSession(url);
    const word = mark();
    const body = ` {"params" : {"arguments":${awkward(word)} ,"name":"echo"},"id": 1 ,\r\n"method":"tools\\/call","jsonrpc":"2.0"} \n`;
    const arriving = stub.expect(word);
    const client = session.post(body);
    const up = await within(arriving, 'the call');
    assert.equal(up.body.toString(), body);
    const reply = `\n{"result":{ "content":[],"structuredContent":${awkward(word)}},"jsonrpc":"2.0" ,"id":1}\n`;
    up.json(reply, { headers: { 'content-type': 'application/json; charset=utf-8' } });
    const answer = await client.whole();
    assert.equal(answer.text, reply);
  });

  test('so do a modern call and its answer, but for trace context', async () => {
    const word = mark();
    const body = ` {"jsonrpc":"2.0" ,"id":"\\u0031","method":"tools/call","params":{"name":"e\\u0063ho","arguments":${awkward(word)} , "requestState":"o/p\\/aque\\u003d=" ,"_meta":${JSON.stringify(claim())}}}`;
    const arriving = stub.expect(word);
    const client = send(url, { headers: modernHeaders('tools/call', 'echo'), body });
    const up = await within(arriving, 'the call');
    assert.equal(withoutTrace(up.body.toString()), body);
    const reply = `{"result":{"content":[] ,"requestState":"\\u0041\\/","resultType":"complete", "n":1.0e0,"structuredContent":${awkward(word)}},"jsonrpc":"2.0","id":"\\u0031"}`;
    up.json(reply);
    assert.equal((await client.whole()).text, reply);
  });

  test('a chunked answer keeps its bytes', async () => {
    const word = mark();
    const arriving = stub.expect(word);
    const client = send(url, call({ word }));
    const up = await within(arriving, 'the call');
    const reply = JSON.stringify(said(1, 'ä'.repeat(100_000)));
    up.res.writeHead(200, { 'content-type': 'application/json' });
    for (let at = 0; at < reply.length; at += 7_001) up.write(reply.slice(at, at + 7_001));
    up.end();
    assert.equal((await client.whole()).text, reply);
  });

  const withoutTrace = (text) => text.replace(/,?"(traceparent|tracestate|baggage)":"[^"]*"/g, '');
});

describe('headers that pass, and that do not', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  test('upstream gets an allowlist', async () => {
    const word = mark();
    const arriving = stub.expect(word);
    const client = send(url, call({ word }, {
      headers: {
        authorization: 'Bearer caller-secret', cookie: 'a=caller-secret', 'proxy-authorization': 'Basic caller-secret', 'x-api-key': 'caller-secret',
        'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.1', 'x-strange': 'strange', 'accept-encoding': 'gzip, br', 'accept-language': 'de',
        'mcp-param-region': '=?base64?WsO8cmljaA==?=', 'Mcp-Param-Empty': '', traceparent,
      },
    }));
    const up = await within(arriving, 'the call');
    up.result({ content: [], resultType: 'complete' });
    await client.whole();
    assert.ok(!up.has('caller-secret') && !up.has('192.0.2.1') && !up.has('strange'), `${up.rawHeaders}`);
    assert.equal(up.headers.host, stub.authority);
    assert.equal(up.headers['accept-encoding'], 'identity');
    assert.equal(up.headers['mcp-param-region'], '=?base64?WsO8cmljaA==?=');
    assert.equal(up.headers['mcp-method'], 'tools/call');
    assert.equal(up.headers['mcp-name'], 'echo');
    assert.equal(up.headers['mcp-protocol-version'], MODERN);
    assert.match(up.headers.accept, /application\/json/);
    assert.match(up.headers.accept, /text\/event-stream/);
    assert.equal(up.headers.traceparent.split('-')[1], traceparent.split('-')[1]);
  });

  test('so does the client', async () => {
    const word = mark();
    const arriving = stub.expect(word);
    const client = send(url, call({ word }));
    const up = await within(arriving, 'the call');
    const headers = {
      'set-cookie': 'a=b', server: 'upstream-software', 'x-strange': 'x', 'access-control-allow-origin': '*', 'mcp-session-id': 'upstream-forged',
      'x-durward-entry': 'forged', 'x-trace-id': 'forged', 'x-span-id': 'forged', 'www-authenticate': 'Bearer', location: '/', 'cache-control': 'no-store', 'retry-after': '3',
    };
    up.result({ content: [], resultType: 'complete' }, { headers });
    const answer = await client.whole();
    assert.equal(answer.status, 200);
    for (const name of ['set-cookie', 'x-strange', 'access-control-allow-origin', 'mcp-session-id', 'www-authenticate', 'location']) {
      assert.equal(answer.headers[name], undefined, name);
    }
    assert.notEqual(answer.headers.server, 'upstream-software');
    for (const name of ['x-durward-entry', 'x-trace-id', 'x-span-id']) assert.ok(answer.headers[name] && answer.headers[name] !== 'forged', name);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.headers['retry-after'], '3');
  });

  test('every answer names its trace and its entry', async () => {
    const session = await openSession(url);
    const answers = {
      'a refusal': await send(url, modern('tools/call', { name: 'hidden', arguments: {} })).whole(),
      'no JSON': await send(url, { body: '{' }).whole(),
      'a stranger\'s session': await send(url, { method: 'DELETE', headers: { 'mcp-session-id': 'x' } }).whole(),
      'a notification': await session.post({ jsonrpc: '2.0', method: 'notifications/initialized' }).whole(),
    };
    for (const [what, { headers }] of Object.entries(answers)) {
      for (const name of ['x-durward-entry', 'x-trace-id', 'x-span-id']) assert.ok(headers[name], `${what}: ${name}`);
    }
  });

  for (const status of [401, 403]) {
    test(`an upstream's ${status} and its challenge stay there`, async () => {
      const word = mark();
      const arriving = stub.expect(word);
      const client = send(url, call({ word }, { id: 'c' }));
      (await within(arriving, 'the call')).json({ error: 'upstream-secret' }, { status, headers: { 'www-authenticate': 'Bearer resource_metadata="https://evil.example.com/"' } });
      const answer = await client.whole();
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.error.code, 42502);
      assert.equal(answer.json.id, 'c');
      assert.equal(answer.headers['www-authenticate'], undefined);
      assert.ok(!answer.text.includes('upstream-secret'));
    });
  }

  test('redirects are not followed, coded answers not passed', async () => {
    const elsewhere = mark();
    for (const [status, headers] of [[307, { location: `${stub.url}?${elsewhere}` }], [302, { location: '/' }], [200, { 'content-encoding': 'gzip' }]]) {
      const word = mark();
      const arriving = stub.expect(word);
      const client = send(url, call({ word }));
      (await within(arriving, 'the call')).json(said(1), { status, headers });
      const answer = await client.whole();
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.error?.code, 42502, answer.text);
      assert.equal(answer.headers.location, undefined);
      assert.equal(answer.headers['content-encoding'], undefined);
      assert.equal(stub.with(word).length, 1);
    }
  });
});

describe('browsers', () => {
  test('a foreign Origin is 403, a foreign Host is refused', async () => {
    for (const origin of ['http://evil.example.com', 'null', 'https://app.example.com.evil.example.com', 'http://app.example.com']) {
      const word = mark();
      await refusedBeforeUpstream(send(url, call({ word }, { headers: { origin } })), word, { status: 403 });
    }
    for (const host of ['evil.example.com', `evil.example.com:${gateway.port}`]) {
      const word = mark();
      const answer = await send(url, call({ word }, { headers: { host } })).whole();
      assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
      await nothingUpstream(word);
    }
    const session = await openSession(url);
    for (const method of ['GET', 'DELETE']) {
      const answer = await send(url, { method, headers: { ...session.headers, origin: 'http://evil.example.com' } }).whole();
      assert.equal(answer.status, 403, method);
    }
  });

  test('a listed Origin may call, and read what it needs', async () => {
    const answer = await send(url, call({}, { headers: { origin: APP } })).whole();
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['access-control-allow-origin'], APP);
    assert.match(answer.headers.vary ?? '', /origin/i);
    assert.match(answer.headers['access-control-expose-headers'], /mcp-session-id/i);
    assert.match(answer.headers['access-control-expose-headers'], /www-authenticate/i);
  });

  test('preflight is answered here, for listed origins', async () => {
    const before_ = stub.requests.length;
    const wanted = 'authorization, content-type, last-event-id, mcp-method, mcp-name, mcp-param-region, mcp-protocol-version, mcp-session-id';
    const ask = (origin) => send(url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': wanted } }).whole();
    const yes = await ask(APP);
    assert.ok([200, 204].includes(yes.status), `${yes.status}`);
    assert.equal(yes.headers['access-control-allow-origin'], APP);
    for (const verb of ['GET', 'POST', 'DELETE']) assert.ok(yes.headers['access-control-allow-methods'].includes(verb), verb);
    const allowed = yes.headers['access-control-allow-headers'].toLowerCase().split(/\s*,\s*/);
    for (const name of wanted.split(', ')) assert.ok(allowed.includes(name), name);
    const no = await ask('https://evil.example.com');
    assert.equal(no.headers['access-control-allow-origin'], undefined);
    assert.equal(stub.requests.slice(before_).filter((up) => up.verb === 'OPTIONS').length, 0);
  });
});

describe('shutdown', () => {
  test('SIGTERM lets calls under way finish, and the ledger verifies', async () => {
    const leaving = await startGateway({ servers: { stub: stub.url }, policy: POLICY });
    const word = mark();
    const arriving = stub.expect(word);
    const client = send(leaving.url('stub'), call({ word }));
    const up = await within(arriving, 'the call');
    up.sse().event(progress(1));
    await client.has('"progress":1');
    const stopped = leaving.stop({ verify: true });
    await assert.rejects(within(stopped, 'nothing', 300), 'it did not wait for the call');
    up.event(said(1)).end();
    const answer = await client.whole();
    assert.ok(answer.clean && answer.text.includes('done'), answer.text);
    const end = await stopped;
    assert.equal(end.code, 0, JSON.stringify(end));
  });
});

describe('hidden tools', () => {
  test('hidden and absent tools cannot be told apart', async () => {
    const ask = async (name) => {
      const answer = await send(url, modern('tools/call', { name, arguments: {} })).whole();
      assert.equal(answer.status, 200);
      const volatile = /^(date|x-durward-entry|x-trace-id|x-span-id|traceparent|content-length)$/;
      return [answer.text.replaceAll(name, 'NAME'), Object.entries(answer.headers).filter(([field]) => !volatile.test(field))];
    };
    const [hidden, absent] = [await ask('hidden'), await ask('no_such_tool')];
    assert.deepEqual(hidden, absent);
    assert.deepEqual(JSON.parse(hidden[0]).error, { code: -32602, message: 'Unknown tool: NAME' });
  });
});

/** Writes bytes, reads until the other side closes. */
const rawAnswer = (text) =>
  within(
    new Promise((resolve, reject) => {
      let all = '';
      const socket = tcp(gateway.port, '127.0.0.1', () => socket.write(text));
      socket.setEncoding('latin1').on('data', (chunk) => (all += chunk)).once('end', () => resolve(all)).once('error', reject);
    }),
    'an answer',
  );

const unusedPort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
