// A hostile session at the most talkative log level: tokens good and bad, API keys, cookies, proofs, session ids,
// malformed everything, on both listeners. Then every line of the log, metric, admin answer, record, error body and
// `ledger show` is searched for every secret, in every form in which it could have slipped out.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test as nodeTest } from 'node:test';
import { assertClean, canary, formsOf, leaks, plainCanary } from './canaries.mjs';
import { startGateway } from './gateway.mjs';
import { Key, proof, startIssuer } from './issuer.mjs';
import { logLines, OPEN } from './observe.mjs';
import { run } from './process.mjs';
import { startStub } from './stub.mjs';
import { call, mark, modern, openSession, send, within } from './wire.mjs';

const test = (name, body) => nodeTest(name, { timeout: 120_000 }, body);
const BASE = 'https://gw.example.com';
const AUDIENCE = `${BASE}/mcp/stub`;
const LEDGER = { dir: 'ledger', key_ref: 'file://./keys/ed25519.key', anonymous_refusals_per_second: 100_000, refusals_per_second: 100_000 };

test('the search finds a secret in each form, wherever it stands', () => {
  const secret = canary('found');
  const texts = {
    raw: secret,
    JSON: JSON.stringify({ a: secret }),
    URL: `x=${encodeURIComponent(secret)}&`,
    form: new URLSearchParams({ a: secret }).toString(),
    hexadecimal: Buffer.from(secret).toString('hex'),
    ...Object.fromEntries(['', 'a', 'ab', 'abc', 'Basic:', 'id:'].map((start) => [`base64 ${start}`, Buffer.from(`${start}${secret}:end`).toString('base64')])),
    base64url: Buffer.from(`{"a":${JSON.stringify('z')},"b":"${secret}"}`).toString('base64url'),
  };
  for (const [form, text] of Object.entries(texts)) assert.notDeepEqual(leaks({ secret }, `before ${text} after`), [], form);
  assert.deepEqual(leaks({ secret }, JSON.stringify(Object.fromEntries(formsOf(canary('found'))))), []);
});

describe('after a hostile session', () => {
  const canaries = {
    argument: canary('argument'),
    result: canary('result'),
    error: canary('error'),
    cookie: plainCanary('cookie'),
    basic: canary('basic'),
    query: plainCanary('query'),
    header: plainCanary('header'),
    session: plainCanary('session'),
    garbage: plainCanary('garbage'),
    claim: canary('claim'),
    challenge: plainCanary('challenge'),
  };
  const answers = []; // what callers were told, where they sent or asked for none of it
  const answered = {};
  const said = {};
  let issuer, stub, gateway, lines;

  const bearer = (token, scheme = 'Bearer') => ({ authorization: `${scheme} ${token}` });
  /** Sends; the answer's text and headers must hold no canary unless `own` says that it carries a result. */
  async function ask(target, options = {}, { own = false } = {}) {
    const answer = await send(target, options).whole().catch(() => undefined);
    if (answer && !own) answers.push(`${JSON.stringify(answer.headers)}\n${answer.text}`);
    return answer;
  }
  const raw = (bytes) =>
    within(new Promise((resolve) => {
      let text = '';
      const socket = connect(gateway.port, '127.0.0.1').on('error', () => {}).on('close', () => resolve(answers.push(text)));
      socket.setEncoding('latin1').on('data', (chunk) => (text += chunk)).write(bytes);
    }), 'the end of a connection');

  const keyOf = async (dir, subject) => {
    const made = await run(process.env.DURWARD, ['keys', 'api-key', 'new', '--subject', subject, '--tenant', 'acme'], { cwd: dir });
    assert.equal(made.code, 0, made.output);
    return /^dw_[a-z0-9]{12}_[A-Za-z0-9_-]{43}$/m.exec(made.output)[0];
  };
  // The part of a compact token that is worth stealing, and all of it.
  const remember = (name, token) => {
    canaries[name] = token;
    canaries[`the signature of ${name}`] = token.split('.').at(-1);
    return token;
  };

  async function withCredentials(url, key) {
    const good = remember('a good token', issuer.token(AUDIENCE, { secret: canaries.claim }));
    const body = call({ word: mark(), text: canaries.argument });
    for (const headers of [bearer(good), bearer(key)]) {
      const answer = await ask(url, { ...body, headers: { ...body.headers, ...headers } });
      assert.ok(answer.json.result, answer.text);
    }
    const tokens = {
      'a token for another route': issuer.token(`${BASE}/mcp/other`, { secret: canaries.claim }),
      'an old token': issuer.token(AUDIENCE, { exp: 1 }),
      'a forged token': issuer.token(AUDIENCE, {}, { key: new Key() }),
      'a token without a tenant': issuer.token(AUDIENCE, { org: undefined }),
      'a token for nobody': issuer.token(AUDIENCE, { sub: undefined }),
      'a token of a stranger': issuer.token(AUDIENCE, { iss: `https://${canaries.garbage}.example.com` }),
      'a token with a foreign key': issuer.token(AUDIENCE, {}, { header: { jku: `https://${canaries.garbage}.example.com` } }),
      'a token without a signature': `${good.split('.').slice(0, 2).join('.')}.`,
      'a wrong API key': `${key.slice(0, -6)}AAAAAA`,
      'an unknown API key': `dw_${'a'.repeat(12)}_${plainCanary('unknown').padEnd(43, 'x').slice(0, 43)}`,
    };
    for (const [name, token] of Object.entries(tokens)) {
      if (!name.includes('without a signature')) remember(name, token);
      for (const scheme of ['Bearer', 'DPoP', 'Basic', canaries.garbage]) await ask(url, { ...body, headers: { ...body.headers, ...bearer(token, scheme) } });
      await ask(`${url}?access_token=${token}`, body);
      await ask(gateway.url('absent'), { ...body, headers: { ...body.headers, ...bearer(token) } });
      await gateway.admin('/metrics', { headers: bearer(token) }).then((answer) => answers.push(answer.headers['www-authenticate'] ?? ''));
    }
    const basic = Buffer.from(`user:${canaries.basic}`).toString('base64');
    const odd = [{ authorization: `Basic ${basic}` }, { authorization: canaries.garbage }, { authorization: `Bearer ${canaries.garbage} x` }, { authorization: [`Bearer ${good}`, `Bearer ${key}`] }, { cookie: `s=${canaries.cookie}` }, { 'x-api-key': canaries.header }, { 'proxy-authorization': `Basic ${basic}` }];
    for (const headers of odd) await ask(url, { ...body, headers: { ...body.headers, ...headers } });
    await ask(`${url}?access_token=${canaries.query}`, body);

    const holder = new Key();
    const bound = remember('a bound token', issuer.token(AUDIENCE, { cnf: { jkt: holder.thumbprint } }));
    const once = remember('a proof', proof(holder, { uri: AUDIENCE, token: bound }));
    for (const dpop of [once, once, remember('a wrong proof', proof(new Key(), { uri: AUDIENCE, token: bound })), canaries.garbage])
      await ask(url, { ...body, headers: { ...body.headers, ...bearer(bound, 'DPoP'), dpop } });
    return good;
  }

  async function withSessions(url, key) {
    const caller = bearer(key);
    const hello = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: canaries.session, version: '1' } } };
    const opened = await ask(url, { headers: caller, body: JSON.stringify(hello) }, { own: true });
    const id = opened.headers['mcp-session-id'];
    assert.ok(id, opened.text);
    canaries['a session id'] = id;
    const other = bearer(issuer.token(AUDIENCE, { sub: 'mallory' }));
    for (const method of ['POST', 'GET', 'DELETE'])
      for (const headers of [{ ...other, 'mcp-session-id': id }, { ...caller, 'mcp-session-id': canaries.session }, { 'mcp-session-id': id }])
        await ask(url, { method, headers: { ...headers, 'last-event-id': canaries.header }, ...(method === 'POST' && { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }) }) });
    await ask(url, { method: 'DELETE', headers: { ...caller, 'mcp-session-id': id } });
  }

  async function malformed(url, key) {
    const caller = bearer(key);
    const text = canaries.argument;
    const bodies = [
      `{"${canaries.garbage}"`,
      JSON.stringify(text),
      JSON.stringify([text]),
      JSON.stringify({ jsonrpc: '2.0', id: canaries.garbage, method: text, params: { [text]: text } }),
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: canaries.garbage, arguments: { [text]: text } } }),
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'prompts/get', params: { name: canaries.garbage } }),
      `{"jsonrpc":"2.0","id":1,"method":"a","method":"${canaries.garbage}"}`,
      `${'['.repeat(100)}"${canaries.garbage}"`,
      `{"jsonrpc":"2.0","id":1,"method":"x","params":{"${canaries.garbage}":1,"${canaries.garbage}":2}}`,
    ];
    // Ids and names of tools are the caller's own, and are told to nobody else.
    for (const body of bodies) await ask(url, { headers: caller, body }, { own: true });
    const odd = modern('tools/call', { name: 'echo', arguments: { text } }).headers;
    for (const [name, value] of [['mcp-protocol-version', canaries.garbage], ['mcp-name', canaries.header], ['mcp-method', canaries.header], ['content-type', canaries.header], ['content-encoding', canaries.header], ['origin', `https://${canaries.header}.example.com`], ['host', `${canaries.header}.example.com`], ['transfer-encoding', canaries.header], ['connection', canaries.header], ['baggage', `a=${canaries.header}`], ['x-agent-ref', canaries.header]])
      await ask(url, { ...call({ word: mark(), text }), headers: { ...odd, ...caller, [name]: value } }, { own: name.startsWith('mcp-protocol') });
    for (const path of [`/${canaries.garbage}`, `/mcp/${canaries.garbage}`, `/.well-known/${canaries.garbage}`, `/mcp/stub?${canaries.query}`])
      for (const method of ['GET', 'POST', 'OPTIONS', 'PUT'])
        // The challenge names the metadata of the route that was asked for, whether there is one or not.
        await ask(`${gateway.origin()}${path}`, { method, ...(method === 'POST' && { body: '{}' }) }, { own: path === `/mcp/${canaries.garbage}` });
    for (const bytes of [`${canaries.garbage}\r\n\r\n`, `POST /mcp/stub HTTP/1.1\r\nauthorization: Bearer ${canaries.garbage}\r\n ${canaries.header}: x\r\n\r\n`, `GET /${canaries.garbage}\u0001 HTTP/1.1\r\nhost: x\r\n\r\n`, `POST /mcp/stub HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${canaries.garbage}\r\n\r\n`])
      await raw(bytes);
  }

  /** A server that tells what it should not: in a result, which passes; in errors of its own and of HTTP; and in no HTTP at all. */
  async function talkative(url, key) {
    const caller = bearer(key);
    const serve = async (answer, options) => {
      const word = mark();
      const arriving = stub.expect(word);
      const { headers, body } = call({ word });
      const asked = ask(url, { headers: { ...headers, ...caller }, body }, options);
      answer(await within(arriving, 'the call'));
      return asked;
    };
    const passed = await serve((up) => up.result({ content: [{ type: 'text', text: canaries.result }], resultType: 'complete' }), { own: true });
    assert.equal(passed.json.result.content[0].text, canaries.result, 'a result passes as it is');
    await serve((up) => up.json({ jsonrpc: '2.0', id: 1, error: { code: -32000, message: canaries.error, data: canaries.error } }), { own: true });
    const failing = [
      (up) => up.json(canaries.error, { status: 500, headers: { 'www-authenticate': `Bearer realm="${canaries.challenge}"`, 'set-cookie': canaries.cookie } }),
      (up) => up.json(canaries.error, { status: 401, headers: { 'www-authenticate': `Bearer realm="${canaries.challenge}"` } }),
      (up) => up.json('{}', { status: 302, headers: { location: `https://${canaries.challenge}.example.com` } }),
      (up) => up.json(canaries.error, { status: 400, headers: { 'content-type': 'text/plain' } }),
      (up) => up.json(`{"${canaries.challenge}"`),
      (up) => up.json('{}', { headers: { 'content-encoding': canaries.challenge } }),
      (up) => up.sse().write(`data: ${canaries.challenge}\n\n`).end(),
      (up) => up.res.socket.end(`HTTP/1.1 2${canaries.challenge}\r\n\r\n`),
      (up) => up.res.socket.end(`HTTP/1.1 200 OK\r\n${canaries.challenge}\r\n\r\n`),
    ];
    for (const answer of failing) await serve(answer);
  }

  before(async () => {
    [issuer, stub] = await Promise.all([startIssuer(), startStub()]);
    let key;
    gateway = await startGateway({
      servers: { stub: stub.url, other: stub.url },
      policy: 'tools: {allowlist: ["mcp://stub/echo"]}\n',
      listen: { public_url: BASE, threads: 2 },
      settings: {
        authn: [{ jwt: { issuer: issuer.issuer, jwks: issuer.jwks, tenants: ['acme'] } }, { api_key: { file: 'api-keys.json', tenants: ['acme'] } }],
        admin: OPEN,
        ledger: LEDGER,
        limits: { authentication_failures: 100_000 },
        log: { level: 'debug', format: 'json', refusals_per_second: 100_000 },
      },
      prepare: async (dir) => (key = await keyOf(dir, 'agent')),
    });
    canaries['an API key'] = key;
    canaries['the secret of an API key'] = key.slice(-43);
    const url = gateway.url('stub');
    await withCredentials(url, key);
    await withSessions(url, key);
    await malformed(url, key);
    await talkative(url, key);
    for (const path of ['/metrics', '/livez', '/readyz', '/startupz', `/${canaries.garbage}`]) answered[path] = (await gateway.admin(path, { headers: { 'x-canary': canaries.header } })).text;
    assert.match(await gateway.reload(), /reloaded/);
    const cli = async (...args) => (await run(process.env.DURWARD, args, { cwd: gateway.dir })).output;
    said['ledger show'] = await cli('ledger', 'show', '-c', 'durward.yaml');
    said['ledger show --json'] = await cli('ledger', 'show', '-c', 'durward.yaml', '--json');
    said.check = await cli('check', '-c', 'durward.yaml');
    said['keys api-key list'] = await cli('keys', 'api-key', 'list');
    const { records } = await gateway.stop({ verify: true });
    said.records = records.map((record) => JSON.stringify(record)).join('\n');
    await within(gateway.closed, 'the last line');
    lines = logLines(gateway.errors());
    gateway.stopped = true;
  });
  after(async () => {
    if (gateway && !gateway.stopped) await gateway.stop();
    await Promise.all([issuer?.stop(), stub?.stop()]);
  });

  test('there was something to find: refusals on record and in the log, and what the server got', () => {
    assert.ok(lines.filter(({ event }) => event === 'refused').length > 80, `${lines.length} lines`);
    assert.deepEqual(lines.filter(({ reason }) => reason === 'internal'), []);
    assert.ok(said.records.split('\n').length > 100);
    assert.ok(said['ledger show --json'].includes('"type":"refusal"'));
    assert.ok(stub.with('canary-argument').length >= 2, 'arguments reach the server');
  });
  test('no secret is in a line of the log, or in anything else that it wrote', () => assertClean(canaries, { output: gateway.logs() }));
  test('nor in a metric or an answer of the admin listener', () => assertClean(canaries, answered));
  test('nor in the ledger, nor in what commands say of it', () => assertClean(canaries, said));
  test("nor in a refusal's body or headers", () => {
    assert.ok(answers.length > 100);
    assertClean(canaries, { answers: answers.join('\n') });
  });
  test("nor, of what authenticates a caller, in what a server gets", () => {
    const ours = Object.fromEntries(Object.entries(canaries).filter(([name]) => /token|API key|proof|cookie|basic|session id|query/.test(name)));
    assert.ok(Object.keys(ours).length > 20);
    const sent = stub.requests.map((up) => `${up.rawHeaders.join('\n')}\n${up.body.toString('utf8')}`).join('\n');
    assertClean(ours, { sent });
  });
});
