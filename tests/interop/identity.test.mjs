// Who calls, with a real authorization server and real clients: both generations of the SDK find their way from a 401 to a
// token and back, unattended, and nobody comes in with a token that is not meant for here.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { makeOAuthProvider, startAuthorizationServer } from './authorization_server.mjs';
import { startGateway } from './gateway.mjs';
import { seconds as now, startIssuer } from './issuer.mjs';
import { startStub } from './stub.mjs';
import { send } from './wire.mjs';

const CASE = { timeout: 60_000 };
const LEEWAY = 30;
const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A port that is free now: the public base must be known before the gateway starts. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A token of an issuer, for an audience among its claims. */
const minted = (issuer, { aud, ...claims }, header) => issuer.token(aud, { scope: 'read', ...claims }, { header });

const rpc = (method, params = {}, id = 1) => JSON.stringify({ jsonrpc: '2.0', id, method, params });
const hello = rpc('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: randomUUID(), version: '1' } });

let upstream;
let authorization;
let mint;
let other;
let gateway;
let port;
const resource = (server) => `http://127.0.0.1:${port}/mcp/${server}`;

before(async () => {
  port = await freePort();
  upstream = await startStub();
  mint = await startIssuer();
  other = await startIssuer();
  authorization = await startAuthorizationServer({ resources: { [resource('a')]: { scope: 'read write' }, [resource('b')]: { scope: 'read' } } });
  const jwt = (issuer, tenants) => ({ jwt: { issuer: issuer.issuer, jwks: issuer.jwks, tenants, leeway: `${LEEWAY}s` } });
  const server = { url: upstream.url, scopes: ['read'] };
  gateway = await startGateway({
    servers: { a: { ...server, tools: { hidden: { kind: 'read', scopes: ['write'] }, '*': { kind: 'read' } } }, b: server },
    listen: { port, public_url: `http://127.0.0.1:${port}` },
    settings: {
      // Each refusal a record of its own.
      ledger: { dir: 'ledger', key_ref: 'file://./keys/ed25519.key', anonymous_refusals_per_second: 1000 },
      authn: [jwt(authorization, ['acme']), jwt(mint, ['acme', 'umbrella']), jwt(other, ['globex'])],
    },
  });
});
after(async () => {
  await gateway?.stop({ verify: true });
  upstream?.stop();
  await Promise.all([authorization?.stop(), mint?.stop(), other?.stop()]);
});

/** Posts with a token: the whole answer. */
function post(server, token, { body = hello, headers = {}, ...options } = {}) {
  const authorized = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return send(resource(server), { body, headers: { ...authorized, ...headers }, ...options }).whole();
}

/** Failures count against an address: each test has one of its own. */
let addresses = 1;
const stranger = () => `127.0.1.${++addresses}`;

/** A call that must not reach the upstream. */
async function refused(server, token, options = {}) {
  const marker = randomUUID();
  const body = rpc('tools/call', { name: 'echo', arguments: { marker } });
  const answer = await post(server, token, { body, ...options });
  assert.deepEqual(upstream.with(marker), [], 'nothing of it reaches the upstream');
  return answer;
}

for (const { name, Client, Transport, v2 } of [
  { name: 'sdk v1', Client: ClientV1, Transport: TransportV1 },
  { name: 'client v2', Client: ClientV2, Transport: TransportV2, v2: true },
]) {
  describe(`${name} and a real authorization server`, () => {
    const provider = (options) => makeOAuthProvider(authorization, options);
    const dial = async (oauth) => {
      const transport = new Transport(new URL(resource('a')), { authProvider: oauth });
      const client = new Client({ name: 'interop', version: '1.0.0' }, { capabilities: {} });
      return { client, transport, opened: client.connect(transport).then(() => null, (error) => error) };
    };
    const finish = (transport, oauth) => transport.finishAuth(v2 ? oauth.kept.callback : oauth.kept.code);
    const signedIn = async (oauth) => {
      const first = await dial(oauth);
      const error = await first.opened;
      assert.equal(error?.constructor.name, 'UnauthorizedError', String(error));
      await finish(first.transport, oauth);
      await first.client.close();
      const second = await dial(oauth);
      assert.equal(await second.opened, null);
      return second;
    };

    test('finds its way from the 401 to a token, and is served; its token goes no further', CASE, async () => {
      const oauth = provider();
      const { client } = await signedIn(oauth);
      try {
        const before = upstream.requests.length;
        const result = await client.callTool({ name: 'echo', arguments: {} });
        assert.equal(result.content[0].text, 'default');
        assert.ok(oauth.kept.registered, 'the client has registered itself');
        const asked = oauth.kept.asked.at(-1).searchParams;
        assert.equal(asked.get('resource'), resource('a'));
        assert.deepEqual(asked.get('scope').split(' '), ['read']);
        const seen = upstream.requests.slice(before);
        assert.ok(seen.length > 0);
        for (const one of seen) assert.equal(one.headers.authorization, undefined);
        assert.deepEqual(upstream.with(oauth.kept.tokens.access_token), []);
      } finally {
        await client.close();
      }
    });

    test('is asked for all scopes at once where a tool needs more, and is served with them', CASE, async () => {
      const oauth = provider({ known: true });
      const { client, transport } = await signedIn(oauth);
      try {
        const error = await client.callTool({ name: 'hidden', arguments: {} }).then(() => null, (one) => one);
        assert.ok(error, 'the first token has not the scope');
        const asked = oauth.kept.asked.at(-1).searchParams;
        assert.deepEqual(asked.get('scope').split(' ').sort(), ['read', 'write']);
        await finish(transport, oauth);
        const result = await client.callTool({ name: 'hidden', arguments: {} });
        assert.equal(result.content[0].text, 'default');
      } finally {
        await client.close();
      }
    });
  });
}

describe('a token is good for one route, one tenant and its own time', () => {
  const good = (more = {}) => minted(mint, { aud: resource('a'), ...more });

  test('good tokens are taken', CASE, async () => {
    for (const token of [good(), good({ aud: ['https://elsewhere.example', resource('a')] }), good({ exp: now() - LEEWAY + 15 }), good({ org: 'umbrella' })]) {
      const answer = await post('a', token);
      assert.equal(answer.status, 200, answer.text);
    }
  });

  test('others get one and the same short answer, a record each, and reach nobody', CASE, async () => {
    const bad = {
      'for another route': good({ aud: resource('b') }),
      'for a neighbour by prefix': good({ aud: `${resource('a')}/x` }),
      'for nobody': good({ aud: undefined }),
      'expired by one second beyond the leeway': good({ exp: now() - LEEWAY - 1 }),
      'without an end': good({ exp: undefined }),
      'not yet good': good({ nbf: now() + LEEWAY + 30 }),
      'without a tenant': good({ org: undefined }),
      "of another issuer's tenant": good({ org: 'globex' }),
      "asserting another's tenant": minted(other, { aud: resource('a'), org: 'acme' }),
      'of an unknown issuer': good({ iss: 'http://127.0.0.1:1' }),
      'signed by another issuer': minted(other, { aud: resource('a'), iss: mint.issuer }),
      'without a signature': `${good().split('.').slice(0, 2).join('.')}.`,
      'of algorithm none': `${b64({ alg: 'none' })}.${good().split('.')[1]}.`,
    };
    const answers = new Set();
    for (const [what, token] of Object.entries(bad)) {
      const answer = await refused('a', token, { from: stranger() });
      assert.equal(answer.status, 401, `${what}: ${answer.text}`);
      assert.match(String(answer.headers['www-authenticate']), /error="invalid_token"/, what);
      const { error } = JSON.parse(answer.text);
      answers.add(JSON.stringify([error.code, error.message, answer.headers['www-authenticate']]));
    }
    assert.equal(answers.size, 1, [...answers].join('\n'));
    const records = (await gateway.records()).filter((one) => one.type === 'refusal' && one.facts.reason === 'unauthenticated');
    const count = records.reduce((sum, one) => sum + (one.count ?? 1), 0);
    assert.ok(count >= Object.keys(bad).length, `${count} refusals are on record`);
    const faults = new Set(records.map((one) => one.facts.fault));
    for (const one of ['tenant_not_issuers', 'tenant_missing', 'expired', 'audience_wrong']) assert.ok(faults.has(one), `${one}: ${[...faults]}`);
  });
});

describe('the example of deploy/examples', () => {
  test('serves as it is written, but for its addresses', CASE, async () => {
    const at = await freePort();
    const audience = `http://127.0.0.1:${at}/mcp/demo`;
    const issuer = await startAuthorizationServer({ resources: { [audience]: { scope: 'notes.read notes.write' } } });
    const text = (await readFile(new URL('../../deploy/examples/oauth.yaml', import.meta.url), 'utf8'))
      .replaceAll('http://127.0.0.1:8088', `http://127.0.0.1:${at}`)
      .replaceAll('http://127.0.0.1:9000', issuer.issuer)
      .replaceAll('http://127.0.0.1:3001/mcp', upstream.url)
      .replace('port: 8088', `port: ${at}`)
      .replace('"notes.write":', 'hidden:') // a tool that the stub has
      .replace('policies/default.yaml', 'policy.yaml')
      .replace(/^ledger:.*$/m, 'ledger: {dir: ledger, key_ref: "file://./keys/ed25519.key"}\nadmin: {port: 0}');
    const example = await startGateway({ text });
    try {
      const ask = async (token, tool) => {
        const headers = token ? { authorization: `Bearer ${token}` } : {};
        return send(audience, { body: rpc('tools/call', { name: tool, arguments: {} }), headers }).whole();
      };
      const none = await ask(undefined, 'echo');
      assert.equal(none.status, 401);
      const where = /resource_metadata="([^"]+)"/.exec(none.headers['www-authenticate'])[1];
      const metadata = JSON.parse((await send(where, { method: 'GET' }).whole()).text);
      assert.equal(metadata.resource, audience);
      assert.deepEqual(metadata.authorization_servers, [issuer.issuer]);
      const reader = await tokenOf(issuer, audience, 'notes.read');
      assert.equal((await ask(reader, 'echo')).status, 200);
      const more = await ask(reader, 'hidden');
      assert.equal(more.status, 403);
      assert.match(more.headers['www-authenticate'], /error="insufficient_scope"/);
      assert.match(more.headers['www-authenticate'], /scope="notes\.read notes\.write"/);
      assert.equal((await ask(await tokenOf(issuer, audience, 'notes.read notes.write'), 'hidden')).status, 200);
    } finally {
      await example.stop({ verify: true });
      await issuer.stop();
    }
  });
});

describe('a session is its principal\'s', () => {
  const token = (more = {}) => minted(mint, { aud: resource('a'), ...more });
  const open = async (bearer) => (await post('a', bearer)).headers['mcp-session-id'];

  test('another subject, tenant or client finds no session under a stolen id, and cannot end it', CASE, async () => {
    const owner = token();
    const session = await open(owner);
    assert.ok(session);
    const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
    for (const thief of [{ sub: 'eve' }, { org: 'umbrella' }, { client_id: 'another' }]) {
      const stolen = token(thief);
      assert.equal((await refused('a', stolen, { headers })).status, 404);
      const before = upstream.requests.length;
      for (const method of ['GET', 'DELETE']) {
        const all = { ...headers, authorization: `Bearer ${stolen}` };
        assert.equal((await send(resource('a'), { method, headers: all }).whole()).status, 404, method);
      }
      assert.equal(upstream.requests.length, before);
    }
    // Nor is it one on another route, whoever asks; and to its owner it is what it was.
    const elsewhere = minted(mint, { aud: resource('b') });
    assert.equal((await refused('b', elsewhere, { headers })).status, 404);
    assert.equal((await post('a', owner, { headers, body: rpc('tools/call', { name: 'echo', arguments: {} }) })).status, 200);
    const records = await gateway.records();
    assert.ok(records.filter((one) => one.facts?.reason === 'session_unknown' && one.sub === 'eve').length >= 3);
  });

  test('a token that was renewed is the same principal', CASE, async () => {
    const session = await open(token());
    const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
    const renewed = token({ iat: now() + 1, jti: randomUUID() });
    assert.equal((await post('a', renewed, { headers, body: rpc('tools/call', { name: 'echo', arguments: {} }) })).status, 200);
  });
});

describe('key sets', () => {
  test('a key that was rotated in is found with one fetch, however many ask for it', CASE, async () => {
    const sign = await startAuthorizationServer({ resources: { [resource('a')]: { scope: 'read' } } });
    const jwt = { issuer: sign.issuer, jwks: sign.jwks, tenants: ['acme'] };
    const own = await ownGateway(jwt);
    try {
      const first = await tokenOf(sign, own.resource);
      assert.equal((await own.post(first)).status, 200);
      assert.equal(sign.asked('/jwks'), 1);
      sign.rotate();
      const second = await tokenOf(sign, own.resource);
      const answers = await Promise.all(Array.from({ length: 200 }, () => own.post(second)));
      assert.deepEqual([...new Set(answers.map((one) => one.status))], [200]);
      assert.equal(sign.asked('/jwks'), 2);
      // The old key is gone with its set.
      assert.equal((await own.post(first)).status, 401);
    } finally {
      await own.stop();
      await sign.stop();
    }
  });

  test('keys that do not exist cause one fetch within half a minute, whoever names them', CASE, async () => {
    const own = await ownGateway({ issuer: mint.issuer, jwks: mint.jwks });
    try {
      const good = minted(mint, { aud: own.resource });
      assert.equal((await own.post(good)).status, 200);
      const before = mint.fetches.length;
      const forged = (i) => own.post(minted(mint, { aud: own.resource }, { kid: `forged-${i}` }), { from: `127.0.2.${1 + (i % 250)}` });
      const answers = [];
      for (let i = 0; i < 1000; i += 50) answers.push(...(await Promise.all(Array.from({ length: 50 }, (_, k) => forged(i + k)))));
      assert.deepEqual([...new Set(answers.map((one) => one.status))], [401]);
      assert.ok(mint.fetches.length - before <= 1, `${mint.fetches.length - before} fetches`);
      assert.equal((await own.post(good)).status, 200);
    } finally {
      await own.stop();
    }
  });

  test('while the server of keys is down, keys that are known go on working; without any, nobody comes in', CASE, async () => {
    const down = await startIssuer();
    const own = await ownGateway({ issuer: down.issuer, jwks: down.jwks });
    try {
      assert.equal((await own.post(minted(down, { aud: own.resource }))).status, 200);
      down.answerWith((req) => req.socket.destroy());
      // A key that is not known makes it ask, and fail.
      assert.equal((await own.post(minted(down, { aud: own.resource }, { kid: 'new' }))).status, 401);
      assert.equal((await own.post(minted(down, { aud: own.resource, jti: 'x' }))).status, 200);
      const ready = await own.gateway.admin('/readyz');
      assert.equal(ready.status, 200);
      assert.match(ready.text, /degraded/);
    } finally {
      await own.stop();
    }
    const cold = await ownGateway({ issuer: down.issuer, jwks: down.jwks });
    try {
      const answer = await cold.post(minted(down, { aud: cold.resource }));
      assert.ok([401, 503].includes(answer.status), answer.text);
      assert.deepEqual(upstream.with(cold.resource), []);
      assert.equal((await cold.gateway.admin('/readyz')).status, 503);
    } finally {
      await cold.stop();
      await down.stop();
    }
  });
});

/** A gateway with one issuer and one server. */
async function ownGateway(jwt) {
  const at = await freePort();
  const base = `http://127.0.0.1:${at}`;
  const own = await startGateway({
    servers: { a: { url: upstream.url } },
    listen: { port: at, public_url: base },
    settings: { authn: [{ jwt }] },
  });
  return {
    gateway: own,
    resource: `${base}/mcp/a`,
    post: (token, options = {}) =>
      send(`${base}/mcp/a`, { body: hello, headers: { authorization: `Bearer ${token}` }, ...options }).whole(),
    stop: () => own.stop({ verify: true }),
  };
}

/** A token by client_credentials, of a client that registers itself. */
async function tokenOf(authorization_, audience, scope = 'read') {
  authorization_.allow(audience);
  const form = (body) => ({ method: 'POST', body: new URLSearchParams(body) });
  const registration = { redirect_uris: [], response_types: [], grant_types: ['client_credentials'], token_endpoint_auth_method: 'client_secret_post' };
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(registration) };
  const client = await (await fetch(`${authorization_.issuer}/reg`, json)).json();
  const asked = { grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret, resource: audience, scope };
  const answer = await (await fetch(`${authorization_.issuer}/token`, form(asked))).json();
  assert.ok(answer.access_token, JSON.stringify(answer));
  return answer.access_token;
}
