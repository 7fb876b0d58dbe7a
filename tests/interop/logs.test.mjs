// The log: every line a JSON object, whatever callers and servers do; nothing that they wrote in it, in the metrics or in the
// answers of the admin listener; a flood bounded.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test as nodeTest } from 'node:test';
import { startGateway } from './gateway.mjs';
import { logLines, OPEN, scrape, scrapeUntil, total } from './observe.mjs';
import { startStub } from './stub.mjs';
import { call, claim, mark, modern, modernHeaders, openSession, send, within } from './wire.mjs';

const test = (name, body) => nodeTest(name, { timeout: 90_000 }, body);
const ECHO = 'tools: {allowlist: ["mcp://stub/echo"]}\n';
const CANARY = 'canary4711';

let stub;
before(async () => (stub = await startStub()));
after(() => stub?.stop());

/** Starts a gateway, runs body, ends it; resolves with its log, checked line by line. */
async function logged(options, body) {
  const { settings, ...others } = options;
  const gateway = await startGateway({ servers: { stub: stub.url }, policy: ECHO, ...others, settings: { admin: OPEN, ...settings } });
  let stopped = false;
  try {
    await body(gateway, gateway.url('stub'));
    stopped = true;
    await gateway.stop({ verify: true });
    await within(gateway.closed, 'the last line');
    return logLines(gateway.errors());
  } finally {
    if (!stopped) await gateway.stop();
  }
}

/** Writes requests on one connection, one behind the other, and resolves once as many answers have come. */
function pipeline(port, requests) {
  return new Promise((resolve, reject) => {
    let missing = requests.length;
    let rest = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(requests.join('')));
    socket.on('error', reject).on('close', () => (missing <= 0 ? resolve() : reject(new Error(`ended ${missing} answers early`))));
    socket.setEncoding('latin1').on('data', (chunk) => {
      const parts = (rest + chunk).split('HTTP/1.1 ');
      rest = parts.at(-1).slice(-8);
      missing -= parts.length - 1;
      if (missing <= 0) socket.end();
    });
  });
}

const raw = (port, { headers, body }) =>
  [`POST /mcp/stub HTTP/1.1`, `host: 127.0.0.1:${port}`, 'content-type: application/json', 'accept: application/json, text/event-stream', `content-length: ${Buffer.byteLength(body)}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', body].join('\r\n');

test('nothing that a caller or a server writes is in a log, a metric or an admin answer, and every line is JSON', async () => {
  const lines = await logged({ settings: { log: { refusals_per_second: 1000 } } }, async (gateway, url) => {
    const json = { 'content-type': 'application/json' };
    const everywhere = { authorization: `Bearer ${CANARY}`, cookie: CANARY, 'x-agent-ref': CANARY, 'x-node-id': CANARY, baggage: `a=${CANARY}`, tracestate: `a=${CANARY}`, 'user-agent': CANARY };
    const legacy = (method, params, id = CANARY) => send(url, { headers: { ...json, ...everywhere }, body: JSON.stringify({ jsonrpc: '2.0', id, method, params }) }).whole();
    const hostile = [CANARY, `${CANARY}"\\\n\r\t{}`, `${CANARY}\u0000\u001b[31m`, `${CANARY}\u2028`, `x"} ${CANARY}`, `hmac:${CANARY}`, `${CANARY}é`.repeat(50)];
    for (const text of hostile) {
      await legacy('tools/call', { name: text, arguments: { [text]: text } });
      await legacy('tools/call', { name: 'echo', arguments: { text, word: mark() } });
      await legacy(text, { text });
      await legacy('prompts/get', { name: text });
      await legacy('resources/read', { uri: `file:///${text}` });
      await legacy('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: CANARY, version: text } }, text);
      await send(url, { headers: { ...json, ...modernHeaders('tools/call', CANARY) }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: text, params: { name: text, _meta: claim(text) } }) }).whole();
      await send(url, { headers: json, body: `{"${CANARY}": ${text}` }).whole();
      await send(url, { headers: json, body: JSON.stringify([{ jsonrpc: '2.0', id: text, method: text }, { [text]: 1 }]) }).whole();
    }
    for (const [path, more] of [[`/mcp/${CANARY}`, {}], [`/${CANARY}?${CANARY}`, {}], ['/mcp/stub', { host: `${CANARY}.example.com` }], ['/mcp/stub', { origin: `https://${CANARY}.example.com` }], ['/mcp/stub', { 'mcp-session-id': CANARY }], ['/mcp/stub', { 'content-type': CANARY }], ['/mcp/stub', { 'content-encoding': CANARY }], ['/mcp/stub', { 'mcp-protocol-version': CANARY }], ['/mcp/stub', { 'transfer-encoding': CANARY }], ['/mcp/stub', { connection: CANARY }]])
      await send(`${gateway.origin()}${path}`, { headers: { ...json, ...more }, body: '{}' }).whole();
    await send(url, { method: CANARY.toUpperCase(), headers: json, body: '{}' }).whole().catch(() => {});
    for (const bytes of [`${CANARY}\r\n\r\n`, `POST /mcp/stub HTTP/1.1\r\n${CANARY}\r\n\r\n`, `POST /${CANARY}\u0001 HTTP/1.1\r\nhost: ${CANARY}\r\n\r\n`]) {
      await within(new Promise((resolve) => connect(gateway.port, '127.0.0.1').on('error', () => {}).on('close', resolve).resume().write(bytes)), 'the end');
    }
    const session = await openSession(url, { name: CANARY });
    await session.get({ 'last-event-id': CANARY }).whole();
    // Servers, too: a status line, a body and events that cannot be passed on.
    const serve = async (answer) => {
      const word = mark();
      const arriving = stub.expect(word);
      const client = send(url, call({ word }));
      answer(await within(arriving, 'the call'));
      await client.whole();
    };
    await serve((up) => up.json(`{"${CANARY}"`));
    await serve((up) => up.json(CANARY, { status: 500, headers: { 'www-authenticate': CANARY } }));
    await serve((up) => up.json('{}', { headers: { 'content-encoding': CANARY } }));
    await serve((up) => up.json('{}', { headers: { 'content-type': CANARY } }));
    await serve((up) => up.sse().write(`data: ${CANARY}\n\n`));
    await serve((up) => (up.res.writeHead(200, { [CANARY]: CANARY, 'content-type': 'text/event-stream' }), up.event({ jsonrpc: '2.0', method: CANARY, params: { CANARY } }).end()));
    await serve((up) => up.res.socket.end(`HTTP/1.1 2${CANARY}\r\n\r\n`));

    for (const path of ['/metrics', '/livez', '/readyz', '/startupz', `/${CANARY}`]) {
      const answer = await gateway.admin(path, { headers: { 'x-canary': CANARY } });
      assert.ok(!answer.text.includes(CANARY), `${path}: ${answer.text.slice(Math.max(0, answer.text.indexOf(CANARY) - 200))}`);
    }
    assert.ok(!gateway.logs().includes(CANARY), gateway.logs().slice(Math.max(0, gateway.logs().indexOf(CANARY) - 300)));
  });
  assert.ok(lines.filter(({ event }) => event === 'refused').length > 50);
  assert.deepEqual(lines.filter(({ reason }) => reason === 'internal'), []);
});

test('ten thousand names make no series of their own', async () => {
  const count = 10_000;
  await logged({ settings: { log: { level: 'warn' }, admin: { ...OPEN, metrics_series: 50 } } }, async (gateway, url) => {
    await scrapeUntil(gateway, (all) => total(all, 'durward_catalogue_known', { server: 'stub' }) === 1, 'the catalogue');
    await send(url, call({ word: mark() })).whole();
    const before_ = await scrape(gateway);
    const lanes = Array.from({ length: 4 }, (_, lane) =>
      Array.from({ length: count / 4 }, (_, i) => raw(gateway.port, i % 2 ? modern('tools/call', { name: `${CANARY}x${lane}x${i}` }) : modern(`${CANARY}/${lane}x${i}`))),
    );
    await within(Promise.all(lanes.map((lane) => pipeline(gateway.port, lane))), 'ten thousand answers', 80_000);
    const all = await scrapeUntil(gateway, (now) => total(now, 'durward_exchanges_in_flight') === 0, 'the last to end');
    assert.equal(total(all, 'durward_tool_calls_total', { server: 'stub', tool: 'other', verdict: 'deny' }), count / 2);
    assert.equal(total(all, 'durward_requests_total', { method: 'other', reason: 'method_not_allowed' }), count / 2);
    assert.ok(all.length - before_.length <= 4, `${all.length - before_.length} series more`);
    assert.ok(!JSON.stringify(all).includes(CANARY));
  });
});

test('tools of a server have at most admin.metrics_series series, and none of their calls is lost', async () => {
  const tools = Array.from({ length: 30 }, (_, i) => ({ name: `tool${i}`, inputSchema: { type: 'object' } }));
  await logged({ policy: 'tools: {allowlist: ["mcp://stub/*"]}\n', settings: { admin: { ...OPEN, metrics_series: 5 } } }, async (gateway, url) => {
    await scrapeUntil(gateway, (all) => total(all, 'durward_catalogue_known', { server: 'stub' }) === 1, 'the catalogue');
    const word = mark();
    const arriving = stub.expect(word);
    const list = send(url, modern('tools/list', { cursor: word }));
    (await within(arriving, 'the list')).result({ tools, resultType: 'complete', ttlMs: 0, cacheScope: 'public' });
    await list.whole();
    for (const { name } of tools) assert.equal((await send(url, modern('tools/call', { name })).whole()).error, undefined);
    const named = (await scrape(gateway)).filter(({ name }) => name === 'durward_tool_calls_total');
    assert.equal(named.length, 6);
    assert.equal(total(named, 'durward_tool_calls_total', { tool: 'other', verdict: 'allow' }), 25);
  });
});

test('a flood of refusals writes log.refusals_per_second lines a second, and counts the rest', async () => {
  const flood = 300;
  let counted;
  const lines = await logged({ settings: { log: { refusals_per_second: 5 } } }, async (gateway, url) => {
    for (let i = 0; i < flood; ++i) await send(`${gateway.origin()}/nowhere`, { body: '{}' }).whole();
    counted = total(await scrape(gateway), 'durward_log_lines_suppressed_total', { cause: 'rate' });
    assert.equal((await send(url, call({ word: mark() })).whole()).error, undefined);
  });
  const written = lines.filter(({ event }) => event === 'refused').length;
  const left_out = lines.filter(({ event }) => event === 'suppressed').reduce((sum, { count }) => sum + count, 0);
  assert.equal(written + left_out, flood);
  assert.equal(left_out, counted);
  const seconds = new Set(lines.map(({ ts }) => ts.slice(0, 19))).size + 1;
  assert.ok(written <= 5 * seconds, `${written} lines in ${seconds} s`);
});

test('log.level leaves the lesser lines out, and takes effect with a reload', async () => {
  const lines = await logged({ settings: { log: { level: 'error' } } }, async (gateway) => {
    const refuse = () => send(`${gateway.origin()}/nowhere`, { body: '{}' }).whole();
    await refuse();
    assert.deepEqual(logLines(gateway.errors()), []);
    await gateway.rewriteSettings({ settings: { admin: OPEN, log: { level: 'info' } } });
    assert.match(await gateway.reload(), /"event":"reloaded"/);
    await refuse();
    await within(gateway.said(/"event":"refused"/), 'the line');
    await gateway.rewriteSettings({ settings: { admin: OPEN, log: { format: 'text' } } });
    assert.match(await gateway.reload(), /log\.format.*restart/);
  });
  assert.equal(lines.filter(({ event }) => event === 'refused').length, 1);
});

test('whom the admin listener turns away is in the log: which of Host and Origin it was, and no word of theirs', async () => {
  const lines = await logged({}, async (gateway) => {
    for (const headers of [{ host: `${CANARY}.example` }, { origin: `https://${CANARY}.example` }, {}])
      assert.equal((await gateway.admin('/livez', { headers })).status, Object.keys(headers).length ? 403 : 200);
  });
  const refused = lines.filter(({ event }) => event === 'admin_refused');
  assert.deepEqual(refused.map(({ level, reason }) => [level, reason]), [['info', 'host_forbidden'], ['info', 'origin_forbidden']]);
  assert.ok(!JSON.stringify(lines).includes(CANARY));
});

test('log.format text writes one line each, with what is foreign in quotes', async () => {
  const gateway = await startGateway({ servers: { stub: stub.url }, policy: ECHO, settings: { log: { format: 'text' } } });
  try {
    await send(`${gateway.origin()}/nowhere`, { body: '{}' }).whole();
    const wanted = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info refused "refused" trace_id="[0-9a-f]{32}" entry="\w{26}" reason="no_such_route" detail="[^"]+"$/m;
    await within(gateway.said(wanted), 'the line');
  } finally {
    await gateway.stop({ verify: true });
  }
});

test('a mistake in the files is a line of the log for each, with its position', async () => {
  const lines = await logged({}, async (gateway) => {
    await gateway.rewritePolicy('tools: {allowlst: []}\n');
    await gateway.reload();
  });
  assert.ok(lines.some(({ event, level, msg }) => event === 'configuration' && level === 'error' && /policy\.yaml:1:9: error: /.test(msg)));
  assert.ok(lines.some(({ event, detail }) => event === 'reload_refused' && detail));
});

test('a log that nobody reads stops no call', async () => {
  // Its stderr is a pipe whose reading end it holds itself: full after 64 KiB, and never emptied.
  const deaf = 'import os, sys; r, w = os.pipe(); os.set_inheritable(r, True); os.dup2(w, 2); os.execvp(sys.argv[1], sys.argv[1:])';
  const settings = { log: { refusals_per_second: 100000 }, admin: OPEN };
  const gateway = await startGateway({ servers: { stub: stub.url }, policy: ECHO, settings, under: ['python3', '-c', deaf] });
  try {
    const port = gateway.port;
    const refused = Array.from({ length: 3000 }, () => raw(port, modern('tools/call', { name: 'hidden' })));
    await within(pipeline(port, refused), 'three thousand answers', 60_000);
    assert.equal((await send(gateway.url('stub'), call({ word: mark() })).whole()).error, undefined);
    const all = await scrapeUntil(gateway, (now) => total(now, 'durward_log_lines_suppressed_total', { cause: 'queue' }) > 0, 'lines to be given up');
    assert.equal(total(all, 'durward_exchanges_in_flight'), 0);
  } finally {
    assert.equal((await gateway.stop()).code, 0);
  }
});
